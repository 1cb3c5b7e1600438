//! Lambda functions behind methods: which function an integration's URI names, in which region, and whose credentials call it.
//!
//! The URI is that of API Gateway's own call of Lambda's Invoke API,
//! `arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{function-arn}/invocations`, or of the streaming one. Stage variables may
//! stand anywhere in it and in the credentials (AWS docs, "Amazon API Gateway stage variables reference"), so that it is read when a stage
//! is published. What is wrong with it makes the requests fail, as on AWS.

use std::collections::BTreeMap;

use http::uri::PathAndQuery;
use http::{HeaderValue, Uri};
use postern_api_model::apigateway::{IntegrationType, ResponseTransferMode};
use postern_api_model::rest_api::Integration;

use super::credentials::{CompiledCredentials, Signatory};
use super::method::{CompiledRequest, Transfer};
use super::uri::AddressError;

/// What stands before a function in the path of Lambda's API, and behind it.
const INVOKE: (&str, &str) = ("2015-03-31/functions/", "/invocations");
const INVOKE_STREAMING: (&str, &str) = ("2021-11-15/functions/", "/response-streaming-invocations");
/// Bytes of a function's name or ARN: AWS's are 170 at most.
const FUNCTION_BYTES_MAX: usize = 256;

/// An integration with Lambda, before a stage's variables are known.
#[derive(Debug)]
pub(crate) struct LambdaEndpoint {
    pub(crate) request: CompiledRequest,
    uri: Box<str>,
    credentials: CompiledCredentials,
    pub(crate) transfer: Transfer,
}

/// A function as a stage calls it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct LambdaFunction {
    /// A name or an ARN, with or without a qualifier.
    pub(crate) name: Box<str>,
    /// Where the call is signed for.
    pub(crate) region: Box<str>,
    /// Whether it is asked to stream.
    pub(crate) transfer: Transfer,
    /// Whose credentials sign the call.
    pub(crate) signatory: Signatory,
    /// Of Lambda in that region.
    pub(crate) host: HeaderValue,
    /// The path of the call at AWS.
    pub(crate) path: Uri,
}

/// Whether an integration calls a function. What stands behind other URIs of types AWS and AWS_PROXY is another service.
pub(crate) fn is_lambda(integration: &Integration) -> bool {
    let uri = integration.uri.as_deref().unwrap_or("");
    let names_lambda = uri.contains(":lambda:path/");
    match integration.kind {
        IntegrationType::AwsProxy => names_lambda || !uri.contains(":firehose:"),
        // Other calls of Lambda's API are calls of a service.
        IntegrationType::Aws => names_lambda && uri.contains("/functions/") && uri.ends_with("invocations"),
        IntegrationType::Http | IntegrationType::HttpProxy | IntegrationType::Mock => false,
    }
}

impl LambdaEndpoint {
    pub(super) fn compile(integration: &Integration, request: CompiledRequest) -> Self {
        Self {
            request,
            uri: integration.uri.as_deref().unwrap_or("").into(),
            credentials: CompiledCredentials::compile(integration.credentials.as_deref()),
            transfer: match integration.response_transfer_mode {
                Some(ResponseTransferMode::Stream) => Transfer::Stream,
                Some(ResponseTransferMode::Buffered) | None => Transfer::Buffered,
            },
        }
    }

    /// The function for a stage with these variables.
    pub(super) fn resolve(&self, variables: &BTreeMap<String, String>) -> Result<LambdaFunction, AddressError> {
        let function = function(&self.uri, &self.credentials, variables)?;
        if self.transfer == Transfer::Stream && function.transfer == Transfer::Buffered {
            return Err("responseTransferMode STREAM needs the function's response-streaming-invocations in the integration URI");
        }
        if self.transfer == Transfer::Buffered && function.transfer == Transfer::Stream {
            return Err("response-streaming-invocations in the integration URI need responseTransferMode STREAM");
        }
        Ok(function)
    }
}

/// The function that a URI names, for a stage with these variables.
pub(super) fn function(
    uri: &str,
    credentials: &CompiledCredentials,
    variables: &BTreeMap<String, String>,
) -> Result<LambdaFunction, AddressError> {
    LambdaFunction::parse(&filled(uri, variables)?, credentials.resolve(variables)?)
}

impl LambdaFunction {
    fn parse(uri: &str, signatory: Signatory) -> Result<Self, AddressError> {
        const NO_CALL: AddressError =
            "the integration URI is not arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{function-arn}/invocations";
        let mut parts = uri.splitn(6, ':');
        let mut next = || parts.next().ok_or(NO_CALL);
        let (arn, partition, service, region, called, path) = (next()?, next()?, next()?, next()?, next()?, next()?);
        if arn != "arn" || service != "apigateway" || called != "lambda" || !is_word(region) || !is_word(partition) {
            return Err(NO_CALL);
        }
        let path = path.strip_prefix("path/").ok_or(NO_CALL)?.trim_start_matches('/');
        let between = |(before, behind): (&str, &str)| path.strip_prefix(before)?.strip_suffix(behind);
        let (name, transfer) = match (between(INVOKE), between(INVOKE_STREAMING)) {
            (Some(name), _) => (name, Transfer::Buffered),
            (None, Some(name)) => (name, Transfer::Stream),
            (None, None) => return Err(NO_CALL),
        };
        if !is_function(name) {
            return Err("the integration URI names no Lambda function: a name or an ARN stands between /functions/ and the call");
        }
        let domain = if partition == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" };
        let target = PathAndQuery::try_from(format!("/{path}")).map_err(|_| NO_CALL)?;
        Ok(Self {
            name: name.into(),
            region: region.into(),
            transfer,
            signatory,
            host: HeaderValue::try_from(format!("lambda.{region}.{domain}")).map_err(|_| NO_CALL)?,
            path: Uri::from(target),
        })
    }

    /// Its name without account, region and qualifier, and the qualifier.
    pub(crate) fn short_name(&self) -> (&str, Option<&str>) {
        let name = match self.name.split_once(":function:") {
            Some((_, name)) => name,
            None => &self.name,
        };
        name.split_once(':').map_or((name, None), |(name, qualifier)| (name, Some(qualifier)))
    }

    /// The path of the call for a function under this name.
    pub(crate) fn path_of(&self, name: &str) -> Result<Uri, AddressError> {
        let (before, behind) = match self.transfer {
            Transfer::Buffered => INVOKE,
            Transfer::Stream => INVOKE_STREAMING,
        };
        let path = PathAndQuery::try_from(format!("/{before}{name}{behind}"));
        path.map(Uri::from).map_err(|_| "the function's name cannot stand in a path")
    }

    /// Its ARN or name without the qualifier.
    pub(crate) fn unqualified(&self) -> &str {
        match self.short_name().1 {
            Some(qualifier) => &self.name[..self.name.len() - qualifier.len() - 1],
            None => &self.name,
        }
    }
}

/// Letters, digits and hyphens.
fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// What can be a name or an ARN: in a path it stays one segment.
fn is_function(text: &str) -> bool {
    let stands = |byte: u8| byte.is_ascii_alphanumeric() || b"-_:$.".contains(&byte);
    !text.is_empty() && text.len() <= FUNCTION_BYTES_MAX && text.bytes().all(stands) && !text.bytes().all(|byte| byte == b'.')
}

/// Fills `${stageVariables.name}` in; a variable that the stage lacks is empty, as in other URIs.
pub(crate) fn filled(text: &str, variables: &BTreeMap<String, String>) -> Result<String, AddressError> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (name, behind) = after.split_once('}').ok_or("the integration URI has an unclosed brace")?;
        let name = name.trim().strip_prefix("stageVariables.").ok_or("the integration URI has an unknown variable")?;
        out.push_str(before);
        out.push_str(variables.get(name).map_or("", String::as_str));
        rest = behind;
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::time::Duration;

    use super::super::method::Mappings;
    use super::*;
    use crate::content::Handling;

    const ARN: &str = "arn:aws:lambda:eu-west-1:000000000000:function:hello";

    fn endpoint(uri: &str, credentials: Option<&str>, transfer: Transfer) -> LambdaEndpoint {
        let mappings = Mappings { headers: vec![], query: vec![], path: vec![], body: [].into() };
        let timeout = Duration::from_millis(50);
        let request = CompiledRequest { verb: None, mappings, timeout, handling: Handling::Unset };
        let credentials = CompiledCredentials::compile(credentials);
        LambdaEndpoint { request, uri: uri.into(), credentials, transfer }
    }

    fn resolve(uri: &str) -> Result<LambdaFunction, AddressError> {
        let pairs = [("fn", "hello"), ("alias", "live"), ("arn", ARN), ("bad", "a/../b"), ("role", "role/r")];
        let variables = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        endpoint(uri, Some("arn:aws:iam::000000000000:${stageVariables.role}"), Transfer::Buffered).resolve(&variables)
    }

    fn uri(function: &str) -> String {
        format!("arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/{function}/invocations")
    }

    #[test]
    fn functions() {
        for (function, expected) in [
            (ARN, ARN),
            ("arn:aws:lambda:eu-west-1:000000000000:function:${stageVariables.fn}", ARN),
            ("${stageVariables.arn}", ARN),
            (
                "arn:aws:lambda:eu-west-1:000000000000:function:hello:${stageVariables.alias}",
                "arn:aws:lambda:eu-west-1:000000000000:function:hello:live",
            ),
            ("hello:$LATEST", "hello:$LATEST"),
        ] {
            let found = resolve(&uri(function)).unwrap();
            assert_eq!(&*found.name, expected);
            assert_eq!(found.signatory, Signatory::Role("arn:aws:iam::000000000000:role/r".into()));
            assert_eq!((&*found.region, found.host.to_str().unwrap()), ("eu-west-1", "lambda.eu-west-1.amazonaws.com"));
            assert_eq!(found.path.path(), format!("/2015-03-31/functions/{expected}/invocations"));
        }
    }

    #[test]
    fn what_is_none() {
        for wrong in [
            String::new(),
            uri(""),
            uri("${stageVariables.none}"),
            uri("${stageVariables.bad}"),
            uri("${context.x}"),
            uri("${stageVariables.fn"),
            uri(".."),
            uri("a b"),
            uri(&"a".repeat(257)),
            uri(ARN).replace("2015-03-31", "2014-11-13"),
            uri(ARN).replace("eu-west-1:lambda", "evil.example/:lambda"),
            uri(ARN).replace(":apigateway:", ":lambda:"),
            format!("http://host/{ARN}"),
            format!("{}?x=y", uri(ARN)),
        ] {
            assert!(resolve(&wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn names() {
        let of = |function: &str| {
            let function = resolve(&uri(function)).unwrap();
            let (name, qualifier) = function.short_name();
            (name.to_owned(), qualifier.map(str::to_owned), function.unqualified().to_owned())
        };
        assert_eq!(of(ARN), ("hello".to_owned(), None, ARN.to_owned()));
        assert_eq!(of(&format!("{ARN}:7")), ("hello".to_owned(), Some("7".to_owned()), ARN.to_owned()));
        assert_eq!(of("hello:live"), ("hello".to_owned(), Some("live".to_owned()), "hello".to_owned()));
    }

    #[test]
    fn streaming_is_said_twice() {
        let streaming = "arn:aws:apigateway:eu-west-1:lambda:path/2021-11-15/functions/hello/response-streaming-invocations";
        let resolve = |uri: &str, transfer| endpoint(uri, None, transfer).resolve(&BTreeMap::new());
        assert_eq!(resolve(streaming, Transfer::Stream).unwrap().transfer, Transfer::Stream);
        assert!(resolve(streaming, Transfer::Buffered).is_err());
        assert!(resolve(&uri("hello"), Transfer::Stream).is_err());
    }
}
