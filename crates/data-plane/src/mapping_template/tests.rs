//! Templates with what a request gives them; `tests/mapping_templates` holds what can be said without one.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use http::{HeaderMap, HeaderValue, Method};
use postern_api_model::ports::ApiSource;
use serde_json::json;

use super::*;
use crate::compile::publish;
use crate::context::Arrival;
use crate::render::TemplateInput;
use crate::transport::Request;

fn inputs(body: &str) -> Arc<Inputs> {
    let request = Arc::new(RequestFacts::Given(Box::<TemplateInput>::default()));
    let body = Arc::new(Document::new(Bytes::copy_from_slice(body.as_bytes())));
    Arc::new(Inputs { request, body, overrides: Overrides::default() })
}

fn render(template: &str, inputs: &Arc<Inputs>, limits: RenderLimits) -> Result<Rendered, RenderError> {
    MappingTemplate::compile(template).unwrap().render(inputs, limits)
}

/// A `GET /pets/{id}` of an API with one stage.
fn live(uri: &str, path: &str, fields: &[(&'static str, &'static str)]) -> LiveRequest {
    let definition = json!({
        "name": "x", "api_key_source": "HEADER", "root_resource_id": "r",
        "endpoint_configuration": { "types": ["REGIONAL"], "ip_address_type": "ipv4" },
        "resources": {
            "r": { "id": "r", "path_part": "", "methods": {} },
            "p": { "id": "p", "parent_id": "r", "path_part": "pets", "methods": {} },
            "i": { "id": "i", "parent_id": "p", "path_part": "{id}",
                "methods": { "GET": { "http_method": "GET", "authorization_type": "NONE" } } },
        },
    });
    let stage = json!({ "name": "prod", "deployment_id": "d", "variables": { "v": "1" }, "created": 0, "last_updated": 0 });
    let source = ApiSource {
        api_id: "a".to_owned(),
        version: 1,
        scope: postern_api_model::scope::Scope { account: "000000000000".to_owned(), region: "r".to_owned() },
        disable_execute_api_endpoint: false,
        stages: BTreeMap::from([("prod".to_owned(), serde_json::from_value(stage).unwrap())]),
        deployments: BTreeMap::from([("d".to_owned(), Arc::new(serde_json::from_value(definition).unwrap()))]),
        references: Default::default(),
    };
    let published = publish(source, None).unwrap();
    let stage = published.stage("prod").unwrap().draw(|| 0.0);
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        headers.append(*name, HeaderValue::from_static(value));
    }
    let request = Request {
        method: Method::GET,
        uri: uri.parse().unwrap(),
        version: http::Version::HTTP_11,
        headers: headers.clone(),
        names: crate::transport::SentNames::default(),
        body: crate::transport::Body::empty(),
        peer: "192.0.2.1:5".parse().unwrap(),
        local: "127.0.0.1:80".parse().unwrap(),
        tls: false,
    };
    let (arrival, _) = Arrival::new(request);
    let found = stage.api.find(path, &Method::GET).unwrap();
    let resource = stage.api.method(found.method).resource;
    LiveRequest::new(&arrival, Arc::clone(stage), resource, path, &found.parameters, headers)
}

#[test]
fn a_served_request() {
    let request = live("/prod/pets/a%20b?q=1+2&q=%C3%A9&r", "/pets/a%20b", &[("X-A", "1"), ("x-a", "2"), ("user-agent", "test")]);
    let request = Arc::new(RequestFacts::Live(Box::new(request)));
    let body = Arc::new(Document::new(Bytes::from_static(b"{}")));
    let inputs = Arc::new(Inputs { request, body, overrides: Overrides::default() });
    let table = [
        ("$input.params('id') $input.params().path", "a%20b {id=a%20b}"),
        ("$input.params('q') $input.params().querystring [$input.params('r')]", "é {q=é, r=} []"),
        ("$input.params('X-A') $input.params().header", "2 {x-a=2, user-agent=test}"),
        ("$input.params().header.get('X-A') $input.params().header['X-a']", "2 2"),
        ("$context.httpMethod $context.resourcePath $context.resourceId $context.stage", "GET /pets/{id} i prod"),
        (
            "$context.identity.sourceIp $context.identity.keySet() $context.identity",
            "192.0.2.1 [sourceIp, userAgent] {sourceIp=192.0.2.1, userAgent=test}",
        ),
        ("$context.apiId $context.accountId $context.protocol $context.requestId.length()", "a 000000000000 HTTP/1.1 36"),
        ("[$context.authorizer.principalId][$context.identity.apiKey][$context.error.message]", "[][][]"),
        ("$stageVariables.v [$stageVariables.w] $stageVariables", "1 [] {v=1}"),
    ];
    for (template, expected) in table {
        assert_eq!(render(template, &inputs, RenderLimits::INLINE).unwrap().text, expected, "{template}");
    }
}

#[test]
fn overrides_reach_the_next_template() {
    let first = inputs(r#"{"a": 1}"#);
    let template = "#set($context.requestOverride.path.body = $input.body)#set($context.responseOverride.status = 444)\
        #set($context.responseOverride.custom = [1, 'b'])";
    let rendered = render(template, &first, RenderLimits::INLINE).unwrap();
    assert_eq!(rendered.overrides.response.status().unwrap(), 444);
    let second = Arc::new(Inputs {
        request: Arc::clone(&first.request),
        body: Arc::new(Document::new(Bytes::new())),
        overrides: rendered.overrides,
    });
    let template = "$context.requestOverride.path.body $context.responseOverride.status $context.responseOverride.custom[1]\
        #set($context.responseOverride.status = 201)";
    let rendered = render(template, &second, RenderLimits::INLINE).unwrap();
    assert_eq!(rendered.text, r#"{"a": 1} 444 b"#);
    assert_eq!(rendered.overrides.response.status().unwrap(), 201, "each template may set it once");
    for untouched in ["text", "$context.stage"] {
        let rendered = render(untouched, &second, RenderLimits::INLINE).unwrap();
        assert_eq!(rendered.overrides.response.status().unwrap(), 444, "{untouched}");
    }
    assert!(render("$input.body", &first, RenderLimits::INLINE).unwrap().overrides.is_empty());
}

#[test]
fn a_status_is_a_number_in_range() {
    let table = [
        ("444", Some(444)),
        ("'201'", Some(201)),
        ("' 500 '", Some(500)),
        ("599", Some(599)),
        ("600", None),
        ("100", None),
        ("99", None),
    ];
    let table = table.into_iter().chain([("'x'", None), ("2.5", None), ("[200, 201]", None), ("-200", None), ("true", None)]);
    for (value, expected) in table {
        let template = format!("#set($context.responseOverride.status = {value})");
        let rendered = render(&template, &inputs(""), RenderLimits::INLINE).unwrap();
        assert_eq!(rendered.overrides.response.status().map(|status| status.as_u16()), expected, "{value}");
    }
}

#[test]
fn what_is_known_of_a_template_beforehand() {
    let compile = |text| MappingTemplate::compile(text).unwrap();
    assert_eq!(compile(r#"{"a": "\\"}"#).literal().unwrap(), r#"{"a": "\\"}"#);
    assert!(compile("$x").literal().is_none());
    for (text, reads) in [
        ("text", false),
        ("$context.stage", false),
        ("$input.params('body') $input.params().path", false),
        ("$input.body", true),
        ("${input.json('$')}", true),
        ("$input['body']", true),
        ("#set($x = $input)$x.params('a')", true),
    ] {
        assert_eq!(compile(text).reads_body(), reads, "{text}");
    }
    let error = MappingTemplate::compile("a\n #if(").unwrap_err();
    assert_eq!(error.line(), 2);
}

/// Small limits say that larger ones may do, and those say it of nothing that ends by itself.
#[test]
fn budgets() {
    let large = format!("[{}1]", "1,".repeat(200_000));
    let table = [
        ("#foreach($i in [1..1000])#foreach($j in [1..100])#end#end", "{}", true),
        ("$input.path('$').size()", &*large, true),
        ("$input.json('$..x')", &*large, true),
        ("$util.parseJson($input.body).size()", &*large, true),
        ("$input.body.length()", "{}", false),
    ];
    for (template, body, needs_more) in table {
        let small = render(template, &inputs(body), RenderLimits::INLINE);
        assert_eq!(matches!(small, Err(RenderError::OutOfBudget(_))), needs_more, "{template} {small:?}");
        let full = render(template, &inputs(body), RenderLimits::FULL);
        assert!(full.is_ok(), "{template} {full:?}");
    }
}

/// Every search goes through the whole query.
#[test]
fn searching_a_long_query_is_work() {
    let uri = format!("/prod/pets/1?{}", "a&".repeat(5_000));
    let request = Arc::new(RequestFacts::Live(Box::new(live(&uri, "/pets/1", &[]))));
    let body = Arc::new(Document::new(Bytes::from_static(b"{}")));
    let inputs = Arc::new(Inputs { request, body, overrides: Overrides::default() });
    for search in ["$input.params('x')", "$input.params().querystring.x"] {
        let template = |times: usize| format!("#foreach($i in [1..{times}]){search}#end");
        assert!(render(&template(10), &inputs, RenderLimits::INLINE).is_ok(), "{search}");
        let often = render(&template(100), &inputs, RenderLimits::INLINE);
        assert!(matches!(often, Err(RenderError::OutOfBudget(_))), "{search}");
    }
}

#[test]
fn hostile_templates_and_bodies_end() {
    let nested = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    let deep = format!("{}1{}", "[".repeat(400), "]".repeat(400));
    let wide = format!("[{}1]", "[1],".repeat(20_000));
    let table = [
        ("$input.json('$')", &*nested, "nested deeper than 512"),
        ("$input.path('$')", &*nested, "nested deeper than 512"),
        ("$util.parseJson($input.body)", &*nested, "nested deeper than 512"),
        ("$input.path('$')", &*deep, "nested deeper"),
        ("#foreach($i in [1..1000])#foreach($j in [1..1000])$input.json('$..x')#end#end", &*wide, "more work"),
        (
            "#foreach($i in [1..1000])#foreach($j in [1..1000])#set($x = $input.path('$'))#end#end",
            &*wide,
            "allowed for one rendering",
        ),
        ("#foreach($i in [1..1000])#foreach($j in [1..1000])#foreach($k in [1..1000])#end#end#end", "{}", "more work"),
        ("#set($s = 'x')#foreach($i in [1..60])#set($s = $s + $s)#end", "{}", "more text"),
        (
            "#foreach($i in [1..1000])#foreach($j in [1..1000])#set($context.responseOverride.header[\"h$i$j\"] = 1)#end#end",
            "{}",
            "more work",
        ),
    ];
    // Less than a request has, as tests are not optimised.
    let limits = RenderLimits { work_max: 400_000, allocated_bytes_max: 16 << 20 };
    for (template, body, expected) in table {
        let error = render(template, &inputs(body), limits).unwrap_err();
        assert!(error.to_string().contains(expected), "{template}: {error}");
    }
    assert_eq!(render("$input.json('$')", &inputs(&deep), RenderLimits::FULL).unwrap().text, deep);
}

#[test]
fn a_rendering_may_move_to_another_thread() {
    fn movable<T: Send + Sync + 'static>() {}
    movable::<Inputs>();
    movable::<MappingTemplate>();
    movable::<Rendered>();
    movable::<RenderError>();
}
