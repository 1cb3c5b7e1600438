//! Broken constraints, in AWS's words.

use super::call;

#[track_caller]
fn assert_refused(method: &str, target: &str, body: &str, code: &str, message: &str) {
    let error = call(method, target, body).unwrap_err();
    assert_eq!((error.code, error.status), (code, 400), "{error}");
    assert_eq!(error.message, message);
}

#[track_caller]
fn assert_invalid(method: &str, target: &str, body: &str, message: &str) {
    assert_refused(method, target, body, "ValidationException", message);
}

#[test]
fn a_list_of_enums_is_refused_whole() {
    assert_invalid(
        "POST",
        "/restapis",
        r#"{"name": "pets", "endpointConfiguration": {"types": ["wrong"]}}"#,
        "1 validation error detected: Value '[wrong]' at 'createRestApiInput.endpointConfiguration.types' failed to satisfy \
         constraint: Member must satisfy constraint: [Member must satisfy enum value set: [PRIVATE, EDGE, REGIONAL]]",
    );
    assert_invalid(
        "POST",
        "/restapis",
        r#"{"name": "pets", "endpointConfiguration": {"types": ["EDGE", "x", "y"]}}"#,
        "1 validation error detected: Value '[EDGE, x, y]' at 'createRestApiInput.endpointConfiguration.types' failed to satisfy \
         constraint: Member must satisfy constraint: [Member must satisfy enum value set: [PRIVATE, EDGE, REGIONAL]]",
    );
}

#[test]
fn structures_in_lists_are_counted_from_one_and_all_are_reported() {
    assert_invalid(
        "PATCH",
        "/restapis/abc",
        r#"{"patchOperations": [{"op": "wrong"}, {"op": "replace"}, {"op": "bad", "path": "/name"}]}"#,
        "2 validation errors detected: Value 'wrong' at 'updateRestApiInput.patchOperations.1.member.op' failed to satisfy \
         constraint: Member must satisfy enum value set: [add, remove, move, test, replace, copy]; Value 'bad' at \
         'updateRestApiInput.patchOperations.3.member.op' failed to satisfy constraint: Member must satisfy enum value set: \
         [add, remove, move, test, replace, copy]",
    );
}

#[test]
fn labels_go_by_their_members_name() {
    assert_invalid(
        "PUT",
        "/restapis/abc/resources/def/methods/GET/responses/wrong",
        "{}",
        r"1 validation error detected: Value 'wrong' at 'statusCode' failed to satisfy constraint: Member must satisfy regular expression pattern: [1-5]\d\d",
    );
    assert_invalid(
        "PUT",
        "/restapis/abc/gatewayresponses/FAKE",
        "",
        "1 validation error detected: Value 'FAKE' at 'responseType' failed to satisfy constraint: Member must satisfy enum value \
         set: [REQUEST_TOO_LARGE, RESOURCE_NOT_FOUND, AUTHORIZER_CONFIGURATION_ERROR, MISSING_AUTHENTICATION_TOKEN, \
         BAD_REQUEST_BODY, INVALID_SIGNATURE, INVALID_API_KEY, BAD_REQUEST_PARAMETERS, AUTHORIZER_FAILURE, UNAUTHORIZED, \
         INTEGRATION_TIMEOUT, ACCESS_DENIED, DEFAULT_4XX, DEFAULT_5XX, WAF_FILTERED, QUOTA_EXCEEDED, THROTTLED, \
         API_CONFIGURATION_ERROR, UNSUPPORTED_MEDIA_TYPE, INTEGRATION_FAILURE, EXPIRED_TOKEN]",
    );
}

#[test]
fn an_integration_type_is_listed_in_the_services_order() {
    assert_invalid(
        "PUT",
        "/restapis/abc/resources/def/methods/GET/integration",
        r#"{"type": "HTTPS_PROXY", "httpMethod": "GET"}"#,
        "1 validation error detected: Value 'HTTPS_PROXY' at 'putIntegrationInput.type' failed to satisfy constraint: Member must \
         satisfy enum value set: [HTTP, MOCK, AWS_PROXY, HTTP_PROXY, AWS]",
    );
}

#[test]
fn missing_members_are_null() {
    for body in ["", "{}", r#"{"name": null}"#] {
        assert_invalid(
            "POST",
            "/restapis",
            body,
            "1 validation error detected: Value null at 'createRestApiInput.name' failed to satisfy constraint: Member must not be null",
        );
    }
    assert_invalid(
        "DELETE",
        "/tags/arn",
        "",
        "1 validation error detected: Value null at 'tagKeys' failed to satisfy constraint: Member must not be null",
    );
    assert_invalid(
        "PATCH",
        "/account",
        r#"{"patchOperations": [null]}"#,
        "1 validation error detected: Value null at 'updateAccountInput.patchOperations.1.member' failed to satisfy constraint: \
         Member must not be null",
    );
}

#[test]
fn v2_answers_with_its_own_code() {
    assert_refused(
        "POST",
        "/v2/apis/abc/integrations",
        r#"{"integrationType": "HTTP_PROXY", "timeoutInMillis": 30001}"#,
        "BadRequestException",
        "1 validation error detected: Value '30001' at 'createIntegrationInput.timeoutInMillis' failed to satisfy constraint: \
         Member must have value less than or equal to 30000",
    );
    assert_refused(
        "POST",
        "/v2/portalproducts",
        r#"{"displayName": ""}"#,
        "BadRequestException",
        "1 validation error detected: Value '' at 'createPortalProductInput.displayName' failed to satisfy constraint: Member must \
         have length greater than or equal to 1",
    );
    assert_refused(
        "PATCH",
        "/v2/portals/abc",
        r#"{"includedPortalProductArns": ["short"]}"#,
        "BadRequestException",
        "1 validation error detected: Value '[short]' at 'updatePortalInput.includedPortalProductArns' failed to satisfy \
         constraint: Member must satisfy constraint: [Member must have length greater than or equal to 20, Member must have \
         length less than or equal to 2048]",
    );
}

#[test]
fn an_answer_is_bounded_however_much_is_wrong() {
    let operations = vec![r#"{"op": "x"}"#; 5_000].join(",");
    let error = call("PATCH", "/restapis/abc", &format!(r#"{{"patchOperations": [{operations}]}}"#)).unwrap_err();
    assert!(error.message.starts_with("5000 validation errors detected: "), "{error}");
    assert_eq!(error.message.matches("; ").count(), 99);
}

#[test]
fn what_cannot_be_read_names_the_member() {
    for (method, target, body, named) in [
        ("POST", "/restapis", r#"{"name": 1}"#, "'createRestApiInput.name' must be a string, not a number"),
        ("POST", "/restapis", r#"{"name": "a", "tags": []}"#, "'createRestApiInput.tags' must be an object, not an array"),
        ("POST", "/restapis", r#"{"name": "a", "tags": {"k": 1}}"#, "'createRestApiInput.tags.k.member' must be a string"),
        (
            "POST",
            "/restapis",
            r#"{"name": "a", "minimumCompressionSize": 1.5}"#,
            "minimumCompressionSize' must be a 32-bit integer",
        ),
        ("POST", "/restapis", r#"{"name": "a", "minimumCompressionSize": 3000000000}"#, "must be a 32-bit integer"),
        ("POST", "/restapis", r#"{"name": "a", "endpointConfiguration": "EDGE"}"#, "endpointConfiguration' must be an object"),
        ("POST", "/restapis", r#"{"name": "a", "endpointConfiguration": {"types": [1]}}"#, "types.1.member' must be a string"),
        ("POST", "/restapis", r#"{"name": "a", "disableExecuteApiEndpoint": "true"}"#, "must be a boolean, not a string"),
        ("POST", "/restapis", "[]", "must be a JSON object, not an array"),
        ("POST", "/restapis", "{\"name\": ", "not valid JSON"),
        ("POST", "/restapis", "{\"name\": \"a\"} trailing", "not valid JSON"),
        ("GET", "/restapis?limit=ten", "", "'limit' must be an integer, not 'ten'"),
        ("GET", "/apikeys?includeValues=yes", "", "'includeValues' must be true or false"),
        ("GET", "/restapis/%ff", "", "does not decode to UTF-8"),
        ("GET", "/restapis?position=%C3%28", "", "does not decode to UTF-8"),
    ] {
        let error = call(method, target, body).unwrap_err();
        assert_eq!((error.code, error.status), ("SerializationException", 400), "{target} {body}");
        assert!(error.message.contains(named), "{error}");
    }
}

#[test]
fn nesting_is_bounded() {
    let deep = format!("{{\"name\": {}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    assert_eq!(call("POST", "/restapis", &deep).unwrap_err().code, "SerializationException");
}
