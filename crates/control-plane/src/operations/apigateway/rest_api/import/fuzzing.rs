//! A target of the fuzzer: OpenAPI documents, read, made an API, exported and read again.

use serde_json::Value;

use super::{Document, Parameters, RestApi, Scope, Warnings, build, read, substitute};
use crate::fuzzing::Target;
use crate::openapi::export::{Extensions, Kind, Source, write};

const API: &str = "abcde12345";
/// Less than what is allowed: what is large is slow without being new.
const BYTES_MAX: usize = 256 * 1024;

/// A document, JSON or YAML.
pub(in super::super::super) const OPENAPI: Target = ("openapi", openapi, || {
    let texts: [&[u8]; 11] = [
        include_bytes!("../../../../../tests/openapi/base-path.swagger.json"),
        include_bytes!("../../../../../tests/openapi/dialect.oas31.json"),
        include_bytes!("../../../../../tests/openapi/everything.oas30.yaml"),
        include_bytes!("../../../../../tests/openapi/petstore.swagger.json"),
        include_bytes!("../../../../../tests/openapi/refused.yaml"),
        br##"{"openapi":"3.0.0","info":{"title":"t"},"paths":{"/a/{b+}":{"$ref":"#/paths/~1c"},"/c":{"$ref":"#/paths/~1a~1{b+}"}}}"##,
        b"swagger: '2.0'\ninfo: {title: t}\nx: &a [*a, &b {c: *b}]\npaths: {/: {get: &o {responses: {}}, put: *o}}\n",
        br##"{"swagger":"2.0","info":{"title":"t"},"definitions":{"A":{"allOf":[{"$ref":"#/definitions/B"}]},"B":{"not":{"$ref":"#/definitions/A"}}},"paths":{}}"##,
        br##"{"openapi":"3.1.0","info":{"title":"t"},"paths":{"/":{"get":{"security":[{"k":[]}],"responses":{"200":{"content":{"a/b":{"schema":{"pattern":"(a+)+$","const":1}}}}}}}},"components":{"securitySchemes":{"k":{"type":"apiKey","name":"x-api-key","in":"header"}}}}"##,
        b"openapi: 3.0.0\ninfo: {title: t, version: 1.10}\npaths:\n  /a:\n    x-amazon-apigateway-any-method:\n      x-amazon-apigateway-integration: {type: mock, responses: {default: {statusCode: 200}}}\n",
        b"{\"swagger\": \"2.0\", \"info\": {\"title\": \"${AWS::Region}\"}, \"basePath\": \"/a\", \"paths\": {\"b\": 1}}",
    ];
    texts.into_iter().map(<[u8]>::to_vec).collect()
});

fn openapi(input: &[u8]) {
    let Ok(mut document) = Document::parse(input, BYTES_MAX) else { return };
    substitute(&mut document, &scope());
    for base_path in ["ignore", "prepend", "split"] {
        let Some(api) = imported(&document, base_path) else { continue };
        for kind in [Kind::Swagger, Kind::OpenApi30] {
            exported_again(&api, kind);
        }
    }
}

fn scope() -> Scope {
    Scope { account: "123456789012".to_owned(), region: "eu-west-1".to_owned() }
}

/// The API of a document; a refusal is the user's, and says something.
fn imported(document: &Document, base_path: &str) -> Option<RestApi> {
    let given = [("basepath".to_owned(), base_path.to_owned())].into_iter().collect();
    let parameters = Parameters::read(Some(given)).expect("a mode that exists");
    let made = read(document, &parameters, API).and_then(|read| {
        for finding in read.imported.findings.problems().iter().chain(read.imported.findings.warnings()) {
            assert!(!finding.text.is_empty());
            document.locate(&finding.place).expect("everything in a document has a place, and what surrounds it has one");
        }
        build(&read, &parameters, Warnings::Told, &scope(), API, 0)
    });
    match made {
        Ok(api) => Some(api),
        Err(error) => {
            assert!(error.status == 400 && !error.message.is_empty(), "{error:?}");
            None
        }
    }
}

/// An export is a document that makes an API which is exported the same.
fn exported_again(api: &RestApi, kind: Kind) {
    let Some(first) = exported(api, kind) else { return };
    let document = Document::parse(first.to_string().as_bytes(), usize::MAX).expect("an export is a document");
    let again = imported(&document, "ignore").unwrap_or_else(|| panic!("an export is not imported: {first}"));
    assert_eq!(exported(&again, kind).as_ref(), Some(&first));
}

/// None where a body's models are in no form that a document can hold.
fn exported(api: &RestApi, kind: Kind) -> Option<Value> {
    let definition = &api.definition;
    let source = Source { api_id: API, region: "eu-west-1", stage_name: "dev", deployed: 0, definition, documentation: None };
    write(&source, kind, Extensions::ALL).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn most_seeds_reach_the_export() {
        let documents = (OPENAPI.2)().into_iter().filter_map(|seed| Document::parse(&seed, BYTES_MAX).ok());
        let apis: Vec<RestApi> = documents.filter_map(|document| imported(&document, "prepend")).collect();
        assert!(apis.len() >= 7, "{} seeds are imported", apis.len());
        for api in apis {
            let document = exported(&api, Kind::OpenApi30).unwrap();
            assert_eq!(document["info"]["title"], api.definition.name.as_str());
        }
    }
}
