//! Mapping templates and parameter mappings, through a whole gateway.

#![allow(clippy::unwrap_used)]

mod support;

use postern_api_model::apigateway::{ContentHandlingStrategy, IntegrationType};
use postern_api_model::rest_api::{IntegrationResponse, Method, MethodResponse};
use support::{API, Backend, TestGateway, api, definition, integration, map, method, mock, proxy, with};

const JSON: &str = "Content-Type: application/json";

/// A JSON answer of a backend.
fn json(body: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nX-Id: 7\r\nX-Id: 8\r\n\r\n{body}",
        body.len()
    )
}

/// An HTTP integration with a request template.
fn http(uri: &str, template: Option<&str>) -> Method {
    let mut integration = integration(IntegrationType::Http, uri);
    if let Some(template) = template {
        integration.request_templates = map(&[("application/json", template)]);
    }
    integration.responses.insert("200".to_owned(), IntegrationResponse::default());
    let mut method = method(integration);
    method.responses.insert("200".to_owned(), MethodResponse::default());
    method
}

/// With a response template, and mapped headers that the method response declares.
fn answering(mut method: Method, template: Option<&str>, headers: &[(&str, &str)]) -> Method {
    let key = |name: &str| format!("method.response.header.{name}");
    let response = IntegrationResponse {
        response_templates: template.map(|text| map(&[("application/json", text)])),
        response_parameters: headers.iter().map(|(name, source)| (key(name), (*source).to_owned())).collect(),
        ..IntegrationResponse::default()
    };
    method.integration.as_mut().unwrap().responses.insert("200".to_owned(), response);
    let declared = headers.iter().map(|(name, _)| (key(name), false)).collect();
    method.responses.insert("200".to_owned(), MethodResponse { response_parameters: declared, ..MethodResponse::default() });
    method
}

#[tokio::test]
async fn both_templates_of_an_http_integration() {
    let backend = Backend::answering(json("{\"pets\": [{\"name\": \"Rex\"}, {\"name\": \"Tom\"}]}")).await;
    let request = "{\"id\": \"$input.params('id')\", \"q\": \"$input.params('q')\", \"name\": $input.json('$.name'), \
                   \"stage\": \"$context.stage\"}";
    let response = "#set($root = $input.path('$'))[#foreach($pet in $root.pets)\"$pet.name\"#if($foreach.hasNext),#end#end] \
                    $input.params('id') $input.params('X-Client')";
    let method = answering(http(&backend.uri("/b"), Some(request)), Some(response), &[]);
    let test = TestGateway::serving(api(vec![("/{id}", "POST", method)]));
    let answer = test.call("POST", "/s/42?q=x", &[JSON, "X-Client: me"], "{\"name\": \"a \\\"b\\\"\"}").await;
    assert_eq!((answer.status, answer.text().as_str()), (200, "[\"Rex\",\"Tom\"] 42 me"));
    let sent = backend.request();
    let body = sent.split_once("\r\n\r\n").unwrap().1;
    assert_eq!(body, "{\"id\": \"42\", \"q\": \"x\", \"name\": \"a \\\"b\\\"\", \"stage\": \"s\"}");
    assert!(!sent.to_ascii_lowercase().contains("x-client"));
}

#[tokio::test]
async fn every_source_of_a_request_parameter() {
    let body = "{\"a\": {\"text\": \"x y\", \"number\": 1.50, \"big\": 12345678901234567890123, \"flag\": true, \"none\": null, \
                \"list\": [1, \"b\"], \"object\": {\"k\": \"v\"}}}";
    let headers: &[(&str, &str, Option<&str>)] = &[
        ("H-Path", "method.request.path.id", Some("p1")),
        ("H-Query", "method.request.querystring.q", Some("2")),
        ("H-Queries", "method.request.multivaluequerystring.q", Some("1,2")),
        ("H-Header", "method.request.header.X-In", Some("b")),
        ("H-Headers", "method.request.multivalueheader.X-In", Some("a,b")),
        ("H-Body", "method.request.body", Some(body)),
        ("H-Text", "method.request.body.a.text", Some("x y")),
        ("H-Number", "method.request.body.a.number", Some("1.5")),
        ("H-Flag", "method.request.body.a.flag", Some("true")),
        ("H-Big", "method.request.body.a.big", Some("12345678901234567890123")),
        ("H-None", "method.request.body.a.none", None),
        ("H-Missing", "method.request.body.a.missing", None),
        ("H-List", "method.request.body.a.list", Some("[1,\"b\"]")),
        ("H-Object", "method.request.body.a['object']", Some("{\"k\":\"v\"}")),
        ("H-Deep", "method.request.body..k", Some("[\"v\"]")),
        ("H-Stage", "stageVariables.v", Some("sv")),
        ("H-Context", "context.httpMethod", Some("POST")),
        ("H-Static", "'a b'", Some("a b")),
    ];
    for kind in [IntegrationType::Http, IntegrationType::HttpProxy] {
        let backend = Backend::answering(json("{}")).await;
        let mut parameters: Vec<(String, &str)> =
            headers.iter().map(|(name, source, _)| (format!("integration.request.header.{name}"), *source)).collect();
        parameters.push(("integration.request.path.x".to_owned(), "method.request.body.a.text"));
        parameters.push(("integration.request.querystring.b&c".to_owned(), "method.request.body.a.text"));
        let method = with(http(&backend.uri("/{x}"), None), |integration| {
            integration.kind = kind;
            integration.request_parameters = parameters.iter().map(|(k, v)| (k.clone(), (*v).to_owned())).collect();
        });
        let mut source = api(vec![("/{id}", "POST", method)]);
        source.stages.get_mut("s").unwrap().variables.insert("v".to_owned(), "sv".to_owned());
        let test = TestGateway::serving(source);
        let answer = test.call("POST", "/s/p1?q=1&q=2", &[JSON, "X-In: a", "X-In: b"], body).await;
        assert_eq!(answer.status, 200, "{kind}");
        let sent = backend.request();
        assert!(sent.starts_with("POST /x%20y?"), "{sent}");
        assert!(sent.lines().next().unwrap().contains("b%26c=x%20y"), "{sent}");
        for (name, source, expected) in headers {
            let found = sent.lines().find_map(|line| line.strip_prefix(&format!("{}: ", name.to_ascii_lowercase())));
            assert_eq!(found, *expected, "{kind} {source}");
        }
        assert_eq!(sent.split_once("\r\n\r\n").unwrap().1, body, "{kind}");
    }
}

#[tokio::test]
async fn a_mapped_body_that_is_no_json() {
    let backend = Backend::answering(json("{}")).await;
    let method = with(http(&backend.uri("/"), None), |integration| {
        integration.request_parameters = map(&[("integration.request.header.X-A", "method.request.body.a")]);
    });
    let test = TestGateway::serving(api(vec![("/p", "POST", method)]));
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    for body in ["{\"a\": ", "[1,", "\"open", &deep] {
        let answer = test.call("POST", "/s/p", &[JSON], body).await;
        assert_eq!((answer.status, answer.message().as_str()), (400, "Invalid JSON in request body"));
        assert_eq!(answer.field("x-amzn-errortype"), "BadRequestException");
    }
    assert!(backend.requests.lock().unwrap().is_empty());
    for body in ["a=b", "", "  "] {
        assert_eq!(test.call("POST", "/s/p", &[JSON], body).await.status, 200, "{body}");
    }
}

#[tokio::test]
async fn every_source_of_a_response_parameter() {
    let backend =
        Backend::answering(json("{\"id\": 5, \"name\": \"Rex\", \"tags\": [\"a\"], \"line\": \"a\\r\\nX-Evil: 1\"}")).await;
    let headers = [
        ("O-Header", "integration.response.header.X-Id", "8"),
        ("O-Headers", "integration.response.multivalueheader.X-Id", "7,8"),
        ("O-Id", "integration.response.body.id", "5"),
        ("O-Name", "integration.response.body.name", "Rex"),
        ("O-Tags", "integration.response.body.tags", "[\"a\"]"),
        ("O-Line", "integration.response.body.line", ""),
        ("O-None", "integration.response.body.none", ""),
        ("O-Stage", "stageVariables.v", "sv"),
        ("O-Context", "context.stage", "s"),
        ("O-Static", "'x'", "x"),
    ];
    let sources: Vec<_> = headers.iter().map(|(name, source, _)| (*name, *source)).collect();
    let mut undeclared = answering(http(&backend.uri("/"), None), None, &sources);
    undeclared.responses.get_mut("200").unwrap().response_parameters.clear();
    let mut source = api(vec![
        ("/plain", "GET", answering(http(&backend.uri("/"), None), None, &sources)),
        ("/template", "GET", answering(http(&backend.uri("/"), None), Some("$input.path('$.name')"), &sources)),
        ("/literal", "GET", answering(http(&backend.uri("/"), None), Some("literal"), &sources)),
        ("/undeclared", "GET", undeclared),
    ]);
    source.stages.get_mut("s").unwrap().variables.insert("v".to_owned(), "sv".to_owned());
    let test = TestGateway::serving(source);
    for (path, body) in [("/s/plain", None), ("/s/template", Some("Rex")), ("/s/literal", Some("literal"))] {
        let answer = test.call("GET", path, &[], "").await;
        for (name, source, expected) in headers {
            assert_eq!(answer.field(&name.to_ascii_lowercase()), expected, "{path} {source}");
        }
        assert!(!answer.fields.contains_key("x-evil"));
        assert!(body.is_none_or(|body| body == answer.text()), "{path}");
    }
    let answer = test.call("GET", "/s/undeclared", &[], "").await;
    assert!(answer.status == 200 && !answer.fields.keys().any(|name| name.starts_with("o-")));
}

#[tokio::test]
async fn an_answer_that_is_no_json() {
    let broken = Backend::answering(json("{\"id\": ")).await;
    let text = Backend::answering(json("plain")).await;
    let mapped = [("O-Id", "integration.response.body.id")];
    let test = TestGateway::serving(api(vec![
        ("/broken", "GET", answering(http(&broken.uri("/"), None), None, &mapped)),
        ("/text", "GET", answering(http(&text.uri("/"), None), None, &mapped)),
    ]));
    let answer = test.call("GET", "/s/broken", &[], "").await;
    assert_eq!((answer.status, answer.message().as_str()), (500, "Internal server error"));
    let answer = test.call("GET", "/s/text", &[], "").await;
    assert_eq!((answer.status, answer.text().as_str(), answer.field("o-id")), (200, "plain", ""));
}

#[tokio::test]
async fn a_request_template_overrides_parameters() {
    let backend = Backend::answering(json("{}")).await;
    let template = "#set($context.requestOverride.header.X-Mapped = 'over')\
                    #set($context.requestOverride.header['X-New'] = [\"1\", \"2\"])\
                    #set($context.requestOverride.header.Content-Type = 'text/x')\
                    #set($context.requestOverride.header.Connection = 'upgrade')\
                    #set($context.requestOverride.querystring.q = ['a b', 'c'])\
                    #set($context.requestOverride.path.id = 'x/y')\
                    #set($context.requestOverride.path.only = $input.path('$.n'))body";
    let method = with(http(&backend.uri("/{id}/{only}"), Some(template)), |integration| {
        integration.request_parameters = map(&[
            ("integration.request.header.X-Mapped", "'mapped'"),
            ("integration.request.header.X-Kept", "'kept'"),
            ("integration.request.querystring.q", "'mapped'"),
            ("integration.request.querystring.r", "'kept'"),
            ("integration.request.path.id", "method.request.path.id"),
        ]);
    });
    let test = TestGateway::serving(api(vec![("/{id}", "POST", method)]));
    assert_eq!(test.call("POST", "/s/1", &[JSON], "{\"n\": 5}").await.status, 200);
    let sent = backend.request();
    assert!(sent.starts_with("POST /x%2Fy/5?r=kept&q=a%20b&q=c HTTP/1.1\r\n"), "{sent}");
    let values = |name: &str| -> Vec<&str> { sent.lines().filter_map(|line| line.strip_prefix(&format!("{name}: "))).collect() };
    assert_eq!((values("x-mapped"), values("x-new"), values("x-kept")), (vec!["over"], vec!["1", "2"], vec!["kept"]));
    assert_eq!((values("content-type"), values("connection").contains(&"upgrade")), (vec!["text/x"], false));
    assert!(sent.ends_with("\r\n\r\nbody"));
}

#[tokio::test]
async fn what_a_template_must_not_override() {
    let backend = Backend::answering(json("{}")).await;
    let overriding = |text: &str| http(&backend.uri("/base/{x}"), Some(text));
    let test = TestGateway::serving(api(vec![
        (
            "/length",
            "POST",
            overriding("#set($context.requestOverride.path.x = 'a')#set($context.requestOverride.header.Content-Length = '1')"),
        ),
        ("/climb", "POST", overriding("#set($context.requestOverride.path.x = '..')")),
        ("/empty", "POST", overriding("#set($context.requestOverride.path.x = $input.path('$.none'))")),
        (
            "/inject",
            "POST",
            overriding("#set($context.requestOverride.path.x = 'a')#set($context.requestOverride.header.X = $input.path('$'))"),
        ),
        ("/twice", "POST", overriding("#set($context.requestOverride.path.x = 'a')#set($context.requestOverride.path.x = 'b')")),
        ("/unset", "POST", overriding("$input.body")),
    ]));
    for (path, status) in
        [("/s/length", 500), ("/s/climb", 400), ("/s/empty", 500), ("/s/inject", 400), ("/s/twice", 500), ("/s/unset", 500)]
    {
        assert_eq!(test.call("POST", path, &[JSON], "\"a\\r\\nX-Evil: 1\"").await.status, status, "{path}");
    }
    assert!(backend.requests.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_message_has_one_host_and_so_many_fields() {
    let backend = Backend::answering(json("{}")).await;
    let request = |list: &str| http(&backend.uri("/"), Some(&format!("#set($context.requestOverride.header.{list})")));
    let response = |list: &str| {
        let template = format!("#set($context.responseOverride.header.{list})");
        answering(http(&backend.uri("/"), None), Some(&template), &[])
    };
    let long = format!("x = '{}'", "y".repeat(70_000));
    let test = TestGateway::serving(api(vec![
        ("/hosts", "GET", request("Host = ['a.example', 'b.example']")),
        ("/none", "GET", request("host = []")),
        ("/many", "GET", request("x = [1..1001]")),
        ("/long", "GET", request(&long)),
        ("/back", "GET", response("x = [1..40000]")),
        ("/back/long", "GET", response(&long)),
        ("/back/some", "GET", response("x = [1..20]")),
    ]));
    let own = backend.uri("/").trim_start_matches("http://").trim_end_matches('/').to_owned();
    for (path, host) in [("/s/hosts", "b.example"), ("/s/none", &*own)] {
        assert_eq!(test.call("GET", path, &[], "").await.status, 200, "{path}");
        let sent = backend.requests.lock().unwrap().pop().unwrap();
        let hosts: Vec<_> = sent.lines().filter_map(|line| line.strip_prefix("host: ")).collect();
        assert_eq!(hosts, [host], "{path}");
    }
    for (path, status) in [("/s/many", 500), ("/s/long", 500), ("/s/back", 500), ("/s/back/long", 500), ("/s/back/some", 200)] {
        assert_eq!(test.call("GET", path, &[], "").await.status, status, "{path}");
    }
}

/// Each of many mappings may read all of a body: together they are bounded, whatever the body's length.
#[tokio::test]
async fn mappings_do_not_copy_a_large_body() {
    let backend = Backend::answering(json("{}")).await;
    for kind in [IntegrationType::Http, IntegrationType::HttpProxy] {
        let method = with(http(&backend.uri("/"), None), |integration| {
            integration.kind = kind;
            let parameter = |at: u32, source: &str| (format!("integration.request.header.x-{at}"), source.to_owned());
            integration.request_parameters = (0..3)
                .flat_map(|at| [parameter(at, "method.request.body"), parameter(at + 3, "method.request.body.a")])
                .collect();
        });
        let test = TestGateway::serving(api(vec![("/p", "POST", method)]));
        for (len, status) in [(1_000, 200), (50_000, 500), (300_000, 500)] {
            let body = format!("{{\"a\": \"{}\"}}", "x".repeat(len));
            assert_eq!(test.call("POST", "/s/p", &[JSON], &body).await.status, status, "{kind} {len}");
        }
    }
}

#[tokio::test]
async fn a_response_template_overrides_status_and_headers() {
    let backend = Backend::answering(json("{\"error\": \"gone\"}")).await;
    let template = "#if($input.path('$.error') != '')#set($context.responseOverride.status = 410)\
                    #set($context.responseOverride.header.X-Mapped = $input.path('$.error'))\
                    #set($context.responseOverride.header['X-Two'] = ['a', 'b'])\
                    #set($context.responseOverride.header.Content-Type = 'text/plain')\
                    #set($context.responseOverride.header.x-amzn-RequestId = 'mine')#end";
    let method = answering(http(&backend.uri("/"), None), Some(template), &[("X-Mapped", "'mapped'")]);
    let bad = answering(http(&backend.uri("/"), None), Some("#set($context.responseOverride.status = 'many')x"), &[]);
    let test = TestGateway::serving(api(vec![("/p", "GET", method), ("/bad", "GET", bad)]));
    let answer = test.call("GET", "/s/p", &[], "").await;
    assert_eq!((answer.status, answer.text().as_str()), (410, ""));
    assert_eq!((answer.field("x-mapped"), answer.field("x-two"), answer.field("content-type")), ("gone", "a|b", "text/plain"));
    assert_eq!(answer.field("x-amzn-requestid").len(), 36);
    let answer = test.call("GET", "/s/bad", &[], "").await;
    assert_eq!((answer.status, answer.text().as_str()), (200, "x"), "what is no status is ignored");
}

/// Recorded: what a MOCK's request template sets reaches the client, and its response template.
#[tokio::test]
async fn a_mocks_overrides_reach_the_answer() {
    let request = "#set($context.responseOverride.status = 444)#set($context.responseOverride.header.foo = \"bar\")\
                   #set($context.responseOverride.custom = \"is also passed around\"){\"statusCode\": 200}";
    let response = "{\"statusOverride\": \"$context.responseOverride.status\", \"fooHeader\": \"$context.responseOverride.header.foo\", \
                    \"custom\": \"$context.responseOverride.custom\"}";
    let carried =
        "#set($body = $util.base64Decode($input.params('p')))#set($context.requestOverride.path.body = $body){statusCode: 200}";
    let switch = "#set($body = $context.requestOverride.path.body)#if($body == 'path one')one#elseif($body == 'path two')two#{else}other#end";
    let templated = |request: &str, response: Option<&str>| answering(mock(request, &[]), response, &[]);
    let test = TestGateway::serving(api(vec![
        ("/with", "GET", templated(request, Some(response))),
        ("/without", "GET", templated(request, None)),
        ("/path/{p}", "GET", templated(carried, Some(switch))),
    ]));
    let answer = test.call("GET", "/s/with", &[], "").await;
    assert_eq!((answer.status, answer.field("foo")), (444, "bar"));
    assert_eq!(answer.text(), "{\"statusOverride\": \"444\", \"fooHeader\": \"bar\", \"custom\": \"is also passed around\"}");
    let answer = test.call("GET", "/s/without", &[], "").await;
    assert_eq!((answer.status, answer.text().as_str(), answer.field("foo")), (444, "", "bar"));
    for (value, expected) in [("cGF0aCBvbmU=", "one"), ("cGF0aCB0d28=", "two"), ("eA==", "other")] {
        assert_eq!(test.call("GET", &format!("/s/path/{value}"), &[], "").await.text(), expected);
    }
}

#[tokio::test]
async fn templates_that_fail() {
    let backend = Backend::answering(json("{}")).await;
    let test = TestGateway::serving(api(vec![
        ("/parse", "POST", http(&backend.uri("/"), Some("#if(true)"))),
        ("/run", "POST", http(&backend.uri("/"), Some("$util.parseJson('{')"))),
        ("/mock", "POST", mock("#if(true)", &[])),
        ("/empty", "POST", mock("#set($x = 1)", &[])),
        ("/answer", "POST", answering(http(&backend.uri("/"), None), Some("#foreach($x in"), &[])),
        ("/render", "POST", answering(mock("{statusCode: 200}", &[]), Some("$util.parseJson('{')"), &[])),
    ]));
    for path in ["/s/parse", "/s/run", "/s/mock", "/s/empty"] {
        let answer = test.call("POST", path, &[JSON], "{}").await;
        assert_eq!((answer.status, answer.message().as_str()), (500, "Internal server error"), "{path}");
        assert_eq!(answer.field("x-amzn-errortype"), "InternalServerErrorException");
    }
    assert!(backend.requests.lock().unwrap().is_empty());
    for path in ["/s/answer", "/s/render"] {
        assert_eq!(test.call("POST", path, &[JSON], "{}").await.status, 500, "{path}");
    }
}

#[tokio::test]
async fn templates_read_what_the_body_was_converted_to() {
    let backend = Backend::answering(json("{}")).await;
    let to_text = with(http(&backend.uri("/"), None), |integration| {
        integration.request_templates = map(&[("$default", "<$input.body>")]);
        integration.content_handling = Some(ContentHandlingStrategy::ConvertToText);
    });
    let bytes = with(http(&backend.uri("/"), None), |integration| {
        integration.request_templates = map(&[("$default", "<$input.body>")]);
    });
    let mut source = api(vec![("/text", "POST", to_text), ("/bytes", "POST", bytes)]);
    definition(&mut source).binary_media_types = vec!["image/png".to_owned()];
    let test = TestGateway::serving(source);
    assert_eq!(test.call("POST", "/s/text", &["Content-Type: image/png"], "hi").await.status, 200);
    assert!(backend.request().ends_with("\r\n\r\n<aGk=>"));
    assert_eq!(test.call("POST", "/s/bytes", &["Content-Type: image/png"], "hi").await.status, 500);
    assert_eq!(test.call("POST", "/s/bytes", &["Content-Type: text/plain"], "hi").await.status, 200);
    assert!(backend.requests.lock().unwrap()[1].ends_with("\r\n\r\n<hi>"));
}

#[tokio::test]
async fn a_proxy_has_no_templates() {
    let backend = Backend::answering(json("{}")).await;
    let method = with(proxy(&backend.uri("/")), |integration| {
        integration.request_templates = map(&[("application/json", "$input.params('x')#if(")]);
        integration.passthrough_behavior = "NEVER".to_owned();
    });
    let test = TestGateway::serving(api(vec![("/p", "POST", method)]));
    assert_eq!(test.call("POST", "/s/p", &["Content-Type: text/plain"], "sent").await.status, 200);
    assert!(backend.request().ends_with("\r\n\r\nsent") && backend.request().contains(API));
}
