//! Targets of the fuzzer: PATCH documents, mapping expressions, and what the nouns bring.

use std::collections::BTreeSet;

use postern_api_model::apigateway::{Op, PatchOperation};
use postern_api_model::error::ApiResult;
use postern_api_model::rest_api::{Method, MethodResponse, OrderedMap, RestApi};
use serde_json::{Value, json};

use super::stage::Logging;
use super::{integration, integration_response, mapping, method, method_response, model, resource, rest_api, stage};
use crate::fuzzing::{Target, parts, seeds};
use crate::patch::Patch;

/// Every target of this crate.
pub const TARGETS: &[Target] =
    &[PATCH, MAPPING_EXPRESSIONS, rest_api::fuzzing::POLICY, rest_api::fuzzing::OPENAPI, model::fuzzing::MODEL_TEMPLATE];

/// A noun and patch operations, each a line `op path value from` with TABs between them.
const PATCH: Target = ("patch", patch, || {
    seeds(&[
        "api|replace\t/name\tnew\nreplace\t/minimumCompressionSize\t1024\nadd\t/binaryMediaTypes/image~1png",
        "api|replace\t/policy\t{\"Statement\":{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"*\",\"Resource\":\"execute-api:/*\"}}",
        "api|replace\t/endpointConfiguration/types/EDGE\tREGIONAL\nreplace\t/disableExecuteApiEndpoint\ttrue",
        "api|remove\t/description\nreplace\t/apiKeySource\tAUTHORIZER\nadd\t/endpointConfiguration/vpcEndpointIds\tvpce-1",
        "stage|replace\t/*/*/throttling/rateLimit\t1e3\nreplace\t/~1pets/GET/caching/ttlInSeconds\t30",
        "stage|replace\t/*/*/throttling/rateLimit\tNaN\nreplace\t/*/*/logging/loglevel\tINFO",
        "stage|replace\t/variables/a\tb\nreplace\t/variables\t{\"a\":\"b\"}\nremove\t/variables/a",
        "stage|replace\t/canarySettings/percentTraffic\t33.3\ncopy\t/canarySettings/stageVariableOverrides\t\t/variables",
        "stage|replace\t/accessLogSettings/format\t$context.requestId\nreplace\t/cacheClusterSize\t0.5",
        "method|add\t/requestParameters/method.request.header.x\ttrue\nreplace\t/authorizationType\tAWS_IAM",
        "method|add\t/requestModels/application~1json\tEmpty\nreplace\t/apiKeyRequired\tTRUE\nremove\t/operationName",
        "integration|replace\t/uri\thttp://b\nreplace\t/timeoutInMillis\t50\nadd\t/requestTemplates/a~1b\t{}",
        "integration|add\t/cacheKeyParameters/method.request.path.id\nreplace\t/contentHandling\tCONVERT_TO_TEXT",
        "integration-response|replace\t/selectionPattern\t(\nadd\t/responseTemplates/a~01b\t$x",
        "method-response|add\t/responseParameters/method.response.header.x\tfalse",
        "resource|replace\t/pathPart\t{id}\nreplace\t/parentId\troot000000",
    ])
});

fn patch(input: &[u8]) {
    let [noun, operations] = parts(input);
    let operations = operations.lines().map(operation).collect();
    let Ok(patches) = Patch::list(Some(operations)) else { return };
    let before = api();
    let mut after = before.clone();
    let outcome = patched(&noun, &mut after, &patches);
    if let Err(error) = &outcome {
        assert!((400..500).contains(&error.status) && !error.message.is_empty(), "{error:?}");
        return;
    }
    // What was accepted can be stored and read back.
    let stored = serde_json::to_string(&after).expect("an API is JSON");
    assert_eq!(serde_json::from_str::<RestApi>(&stored).ok().as_ref(), Some(&after), "{stored}");
    // The frozen root stays.
    assert!(after.definition.resources.contains_key(&after.definition.root_resource_id));
}

fn operation(line: &str) -> PatchOperation {
    let mut fields = line.split('\t');
    let op = fields.next().and_then(Op::from_wire);
    let mut text = || fields.next().map(str::to_owned);
    PatchOperation { op, path: text(), value: text(), from: text() }
}

fn patched(noun: &str, api: &mut RestApi, patches: &[Patch]) -> ApiResult<()> {
    let definition = &mut api.definition;
    match noun {
        "stage" => stage::update_in(api, "dev", patches, &BTreeSet::new(), Logging::Allowed, 1).map(drop),
        "method" => method::update_in(definition, "pets", "GET", patches).map(drop),
        "integration" => integration::update_in(definition, "pets", "GET", patches).map(drop),
        "integration-response" => integration_response::update_in(definition, "pets", "GET", "200", patches).map(drop),
        "method-response" => method_response::update_in(definition, "pets", "GET", "200", patches).map(drop),
        "resource" => resource::update_in(definition, "pets", patches).map(drop),
        _ => rest_api::fuzzing::update_in(api, patches),
    }
}

/// An API with a stage and a method that has everything.
fn api() -> RestApi {
    let method = json!({
        "http_method": "GET",
        "authorization_type": "NONE",
        "request_parameters": { "method.request.path.id": true },
        "responses": { "200": {} },
        "integration": {
            "kind": "HTTP",
            "http_method": "GET",
            "uri": "http://b/{id}",
            "request_parameters": { "integration.request.path.id": "method.request.path.id" },
            "passthrough_behavior": "WHEN_NO_MATCH",
            "timeout_in_millis": 29000,
            "cache_namespace": "pets",
            "responses": { "200": {} },
        },
    });
    let stage = json!({ "name": "dev", "deployment_id": "dep1", "created": 0, "last_updated": 0 });
    let api = json!({
        "id": "abcde12345",
        "scope": { "account": "123456789012", "region": "eu-west-1" },
        "created": 0,
        "definition": {
            "name": "x",
            "api_key_source": "HEADER",
            "endpoint_configuration": { "types": ["EDGE"], "ip_address_type": "ipv4" },
            "root_resource_id": "root000000",
            "resources": {
                "root000000": { "id": "root000000", "path_part": "", "methods": {} },
                "pets": { "id": "pets", "parent_id": "root000000", "path_part": "{id}", "methods": { "GET": method } },
            },
            "models": { "Empty": { "id": "e", "name": "Empty", "content_type": "application/json", "schema": "{}" } },
        },
        "deployments": { "dep1": { "id": "dep1", "created": 0 } },
        "stages": { "dev": stage },
    });
    serde_json::from_value(api).expect("it has all that an API needs")
}

/// A destination and a source.
const MAPPING_EXPRESSIONS: Target = ("mapping-expressions", mapping_expressions, || {
    seeds(&[
        "integration.request.header.x|method.request.querystring.a",
        "integration.request.path.id|method.request.multivalueheader.b",
        "integration.request.querystring.q|method.request.body.$.a[0]",
        "method.response.header.x|integration.response.body.a",
        "method.response.header.x|integration.response.multivalueheader.Set-Cookie",
        "gatewayresponse.header.x|'*'",
        "method.request.path.id|stageVariables.a",
        "method.request.foo.bar|context.identity.sourceIp",
        "|'",
    ])
});

fn mapping_expressions(input: &[u8]) {
    let [destination, source] = parts(input);
    let method = json!({
        "http_method": "GET",
        "authorization_type": "NONE",
        "request_parameters": { "method.request.querystring.a": true, "method.request.header.b": false },
    });
    let method: Method = serde_json::from_value(method).expect("it has all that a method needs");
    let declared: MethodResponse =
        serde_json::from_value(json!({ "response_parameters": { "method.response.header.x": false } })).unwrap_or_default();
    let pair: OrderedMap<String> = [(destination.clone(), source.clone())].into_iter().collect();
    let keys = [destination, source];
    let outcomes = [
        mapping::check_request_parameters(keys.iter()),
        mapping::check_response_parameters(keys.iter()),
        mapping::check_integration_request(&pair, &method),
        mapping::check_integration_response(&pair, Some(&declared)),
        mapping::check_gateway_response(&pair),
    ];
    for error in outcomes.into_iter().filter_map(Result::err) {
        assert_eq!((error.status, error.code), (400, "BadRequestException"));
        assert!(Value::from(error.message).as_str().is_some_and(|text| !text.is_empty()));
    }
}
