//! Which functions a document calls that nothing runs, so that whoever starts it learns of it before a request does.

use std::collections::BTreeSet;

use serde_json::Value;

use super::bundle::escaped;
use super::mock_integrations::operations;
use crate::config::Settings;

/// What a `uri` has around the name or ARN of a function (AWS docs, "x-amazon-apigateway-integration object").
const AROUND: [(&str, &str); 2] = [
    (":lambda:path/2015-03-31/functions/", "/invocations"),
    // Where the response is streamed (AWS docs, "Set up a Lambda proxy integration with payload response streaming").
    (":lambda:path/2021-11-15/functions/", "/response-streaming-invocations"),
];

/// Where security schemes are: in OpenAPI 3 and in Swagger 2.
const SCHEMES: [&str; 2] = ["/components/securitySchemes", "/securityDefinitions"];
/// What makes a scheme an authorizer, and where that names its function (AWS docs, "x-amazon-apigateway-authorizer object").
const AUTHORIZER: &str = "x-amazon-apigateway-authorizer";
const AUTHORIZER_URI: &str = "authorizerUri";

/// The functions that run somewhere.
pub struct KnownFunctions {
    /// Names, and ARNs without qualifiers.
    declared: BTreeSet<String>,
    others: Others,
}

/// Where functions are that are not declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Others {
    /// At Lambda's endpoint, as configured.
    Elsewhere,
    Nowhere,
}

impl KnownFunctions {
    /// Those of the configuration and the command line.
    pub fn of(settings: &Settings) -> Self {
        let local = settings.functions.local.iter().map(|function| function.settings.name.clone());
        let declared = local.chain(settings.functions.elsewhere.keys().cloned()).collect();
        let has_endpoint = settings.services.default.is_some() || settings.services.by_service.contains_key("lambda");
        Self { declared, others: if has_endpoint { Others::Elsewhere } else { Others::Nowhere } }
    }

    /// The name of the function that this integration calls, if it runs nowhere. What is left to stage variables is for the request.
    fn missing<'a>(&self, uri: &'a str) -> Option<&'a str> {
        let called = AROUND.iter().find_map(|(before, after)| {
            let (_, rest) = uri.split_once(before)?;
            Some(rest.strip_suffix(after).unwrap_or(rest))
        })?;
        if self.others == Others::Elsewhere || called.contains("${") {
            return None;
        }
        let name = called.split_once(":function:").map_or(called, |(_, name)| name);
        let (name, qualifier) = name.split_once(':').map_or((name, None), |(name, qualifier)| (name, Some(qualifier)));
        let arn = qualifier.and_then(|qualifier| called.strip_suffix(qualifier)?.strip_suffix(':')).unwrap_or(called);
        (!self.declared.contains(name) && !self.declared.contains(arn)).then_some(name)
    }

    /// Places in a document that call a function that runs nowhere, and what to do about each.
    pub fn missing_in(&self, root: &Value) -> Vec<(String, String)> {
        let place_of = |place: String, who: &str, uri: &str| {
            let name = self.missing(uri)?;
            let text = format!(
                "{who} calls the function {name}, which runs nowhere: add --function {name}=DIR:HANDLER, or a table [functions.{name}]"
            );
            Some((place, text))
        };
        let of_operations = operations(root).filter_map(|(path, method, operation)| {
            let uri = operation.get("x-amazon-apigateway-integration")?.get("uri")?.as_str()?;
            let route = format!("{} {path}", if method.starts_with("x-") { "ANY".to_owned() } else { method.to_uppercase() });
            place_of(format!("/paths/{}/{method}/x-amazon-apigateway-integration/uri", escaped(path)), &route, uri)
        });
        let of_authorizers = authorizers(root).filter_map(|(place, name, authorizer)| {
            let uri = authorizer.get(AUTHORIZER_URI)?.as_str()?;
            place_of(format!("{place}/{AUTHORIZER}/{AUTHORIZER_URI}"), &format!("the authorizer {name}"), uri)
        });
        of_operations.chain(of_authorizers).collect()
    }
}

/// The authorizers of a document, each with its place and the name of its scheme.
fn authorizers(root: &Value) -> impl Iterator<Item = (String, &String, &Value)> {
    SCHEMES.into_iter().flat_map(move |pointer| {
        let schemes = root.pointer(pointer).and_then(Value::as_object).into_iter().flatten();
        schemes.filter_map(move |(name, scheme)| Some((format!("{pointer}/{}", escaped(name)), name, scheme.get(AUTHORIZER)?)))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn known(declared: &[&str], others: Others) -> KnownFunctions {
        KnownFunctions { declared: declared.iter().map(|name| (*name).to_owned()).collect(), others }
    }

    fn uri(function: &str) -> String {
        format!("arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{function}/invocations")
    }

    #[test]
    fn functions_are_found_by_name_and_by_arn() {
        let arn = "arn:aws:lambda:eu-west-1:123456789012:function:hello";
        let cases = [
            (&["hello"][..], arn.to_owned(), None),
            (&["hello"], format!("{arn}:prod"), None),
            (&["hello"], "hello".to_owned(), None),
            (&[arn], format!("{arn}:7"), None),
            (&[arn], arn.to_owned(), None),
            (&[arn], arn.replace("eu-", "us-"), Some("hello")),
            (&[], format!("{arn}:prod"), Some("hello")),
            (&[], format!("{arn}-${{stageVariables.color}}"), None),
        ];
        for (declared, function, expected) in cases {
            assert_eq!(known(declared, Others::Nowhere).missing(&uri(&function)), expected, "{function}");
        }
        assert_eq!(known(&[], Others::Elsewhere).missing(&uri(arn)), None);
        assert_eq!(known(&[], Others::Nowhere).missing("http://127.0.0.1:9000/"), None);
    }

    #[test]
    fn functions_that_stream_are_found_too() {
        for (function, expected) in [("hello", None), ("hello:prod", None), ("other", Some("other")), ("other:7", Some("other"))]
        {
            let uri = format!(
                "arn:aws:apigateway:us-east-1:lambda:path/2021-11-15/functions/arn:aws:lambda:us-east-1:123456789012:function:{function}/response-streaming-invocations"
            );
            assert_eq!(known(&["hello"], Others::Nowhere).missing(&uri), expected, "{function}");
        }
    }

    #[test]
    fn routes_and_flags_are_named() {
        let with = |uri: &str| json!({"x-amazon-apigateway-integration": {"type": "aws_proxy", "uri": uri}});
        let root =
            json!({"paths": {"/a/{b}": {"x-amazon-apigateway-any-method": with(&uri("f"))}, "/g": {"get": with(&uri("g"))}}});
        let missing = known(&["g"], Others::Nowhere).missing_in(&root);
        let place = "/paths/~1a~1{b}/x-amazon-apigateway-any-method/x-amazon-apigateway-integration/uri";
        let text = "ANY /a/{b} calls the function f, which runs nowhere: add --function f=DIR:HANDLER, or a table [functions.f]";
        assert_eq!(missing, [(place.to_owned(), text.to_owned())]);
    }
    #[test]
    fn authorizers_are_named() {
        let scheme = |function: &str| json!({"type": "apiKey", "x-amazon-apigateway-authorizer": {"type": "token", "authorizerUri": uri(function)}});
        let root =
            json!({"components": {"securitySchemes": {"a/b": scheme("f"), "known": scheme("g"), "key": {"type": "apiKey"}}}});
        let missing = known(&["g"], Others::Nowhere).missing_in(&root);
        let place = "/components/securitySchemes/a~1b/x-amazon-apigateway-authorizer/authorizerUri";
        let text =
            "the authorizer a/b calls the function f, which runs nowhere: add --function f=DIR:HANDLER, or a table [functions.f]";
        assert_eq!(missing, [(place.to_owned(), text.to_owned())]);
        let root = json!({"securityDefinitions": {"s": scheme("f")}});
        assert_eq!(known(&[], Others::Nowhere).missing_in(&root).len(), 1);
    }
}
