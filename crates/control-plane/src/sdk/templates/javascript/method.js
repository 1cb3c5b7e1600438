
  // {{comment}}
  apigClient.{{name}} = core.method({
    name: "{{name}}",
    verb: {{verb}},
    path: [{{path}}],
    query: [{{query}}],
    headers: [{{headers}}],
    auth: {{auth}}
  });
