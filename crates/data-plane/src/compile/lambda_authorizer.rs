//! Authorizers of type TOKEN and REQUEST: which function is asked, what a caller must show, and how long an answer holds.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderName;
use postern_api_model::apigateway::AuthorizerType;
use postern_api_model::rest_api::{Authorizer, RESULT_TTL_S_DEFAULT};

use super::credentials::{CompiledCredentials, Signatory};
use super::lambda::{self, LambdaFunction};
use super::message_patterns::{MessagePatterns, Quick};
use super::method::Transfer;
use super::uri::AddressError;
use crate::context::ContextVariable;
use crate::error::GatewayError;
use crate::heavy_work::HeavyWork;

/// AWS's bound on `authorizerResultTtlInSeconds`.
const RESULT_TTL_S_MAX: u32 = 3_600;

/// An authorizer that is a function, before a stage's variables are known.
#[derive(Debug)]
pub(crate) struct LambdaAuthorizer {
    pub(crate) shows: Shows,
    uri: Box<str>,
    credentials: CompiledCredentials,
    /// How long an answer is used again for the same identity; zero: never.
    pub(crate) ttl: Duration,
}

/// What a caller is known by.
#[derive(Debug)]
pub(crate) enum Shows {
    /// TOKEN: one header field.
    Token { header: HeaderName, expression: Option<TokenExpression> },
    /// REQUEST: any of these, in this order.
    Request(Box<[IdentitySource]>),
}

/// One place that identities are read from.
#[derive(Debug)]
pub(crate) struct IdentitySource {
    /// As it was written, such as `method.request.header.Auth`.
    pub(crate) expression: Box<str>,
    pub(crate) place: IdentityPlace,
}

/// Where a source is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum IdentityPlace {
    Header(HeaderName),
    Query(Box<str>),
    StageVariable(Box<str>),
    /// By its name; the variable is missing where it never has a value here.
    Context(Box<str>, Option<ContextVariable>),
}

/// `identityValidationExpression`: what a token must look like before the function is asked.
#[derive(Clone, Debug)]
pub(crate) struct TokenExpression(Arc<MessagePatterns>);

impl LambdaAuthorizer {
    /// Reads an authorizer. What is wrong with it makes the requests of its methods fail.
    pub(super) fn compile(authorizer: &Authorizer) -> Result<Self, String> {
        let ttl_s = authorizer.authorizer_result_ttl_in_seconds.unwrap_or(RESULT_TTL_S_DEFAULT).min(RESULT_TTL_S_MAX);
        let sources = authorizer.identity_source.as_deref().unwrap_or_default();
        let shows = match authorizer.kind {
            AuthorizerType::Token => {
                let source = IdentitySource::parse(sources)?;
                let IdentityPlace::Header(header) = source.place else {
                    return Err(format!("the identity source {} is no header", source.expression));
                };
                Shows::Token { header, expression: TokenExpression::compile(authorizer)? }
            }
            AuthorizerType::Request => {
                let sources = sources.split(',').map(str::trim).filter(|source| !source.is_empty());
                Shows::Request(sources.map(IdentitySource::parse).collect::<Result<_, _>>()?)
            }
            AuthorizerType::CognitoUserPools | AuthorizerType::Jwt => return Err("it is no Lambda authorizer".to_owned()),
        };
        if ttl_s > 0 && matches!(&shows, Shows::Request(sources) if sources.is_empty()) {
            // All callers would share one answer.
            return Err("answers are kept, and there is no identity source to tell callers apart by".to_owned());
        }
        Ok(Self {
            shows,
            uri: authorizer.authorizer_uri.as_deref().unwrap_or_default().into(),
            credentials: CompiledCredentials::compile(authorizer.authorizer_credentials.as_deref()),
            ttl: Duration::from_secs(ttl_s.into()),
        })
    }

    /// The function for a stage with these variables.
    pub(super) fn resolve(&self, variables: &BTreeMap<String, String>) -> Result<LambdaFunction, AddressError> {
        let function = lambda::function(&self.uri, &self.credentials, variables)?;
        if function.signatory == Signatory::Caller {
            return Err("an authorizer's credentials cannot be the caller's own: it is asked who that is");
        }
        match function.transfer {
            Transfer::Buffered => Ok(function),
            Transfer::Stream => Err("an authorizer's function cannot stream its answer"),
        }
    }
}

impl IdentitySource {
    fn parse(expression: &str) -> Result<Self, String> {
        let invalid = || format!("the identity source {expression:?} is none");
        let place = match expression.strip_prefix("method.request.").and_then(|place| place.split_once('.')) {
            Some(("header", name)) => IdentityPlace::Header(HeaderName::from_bytes(name.as_bytes()).map_err(|_| invalid())?),
            Some(("querystring", name)) if !name.is_empty() => IdentityPlace::Query(name.into()),
            Some(_) => return Err(invalid()),
            None => match expression.split_once('.') {
                Some(("stageVariables", name)) if !name.is_empty() => IdentityPlace::StageVariable(name.into()),
                Some(("context", name)) if !name.is_empty() => IdentityPlace::Context(name.into(), ContextVariable::parse(name)),
                _ => return Err(invalid()),
            },
        };
        Ok(Self { expression: expression.into(), place })
    }
}

impl TokenExpression {
    fn compile(authorizer: &Authorizer) -> Result<Option<Self>, String> {
        let Some(text) = authorizer.identity_validation_expression.as_deref().filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        // One that does not compile says so to any text.
        match MessagePatterns::of_tokens(text) {
            patterns if patterns.full("").is_ok() => Ok(Some(Self(Arc::new(patterns)))),
            _ => Err("its identityValidationExpression cannot be used here".to_owned()),
        }
    }

    /// Whether the whole of a token matches. One that would take too long does not.
    ///
    /// # Errors
    /// When there is no room for the work.
    pub(crate) async fn matches(&self, token: &str, api_id: &str, heavy_work: &HeavyWork) -> Result<bool, GatewayError> {
        let found = match self.0.quick(token) {
            Quick::Done(found) => found,
            Quick::TooLong => {
                let (patterns, token) = (Arc::clone(&self.0), token.to_owned());
                heavy_work.run(api_id, move || patterns.full(&token)).await?
            }
        };
        Ok(matches!(found, Ok(Some(_))))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const URI: &str = "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-west-1:000000000000:function:${stageVariables.fn}/invocations";

    fn authorizer(kind: AuthorizerType, source: Option<&str>) -> Authorizer {
        Authorizer {
            id: "abc123".to_owned(),
            name: "a".to_owned(),
            kind,
            auth_type: None,
            authorizer_uri: Some(URI.to_owned()),
            authorizer_credentials: Some("arn:aws:iam::000000000000:role/${stageVariables.fn}".to_owned()),
            authorizer_result_ttl_in_seconds: None,
            identity_source: source.map(str::to_owned),
            identity_validation_expression: None,
            provider_arns: Vec::new(),
            jwt_configuration: None,
        }
    }

    #[test]
    fn sources() {
        let sources =
            "method.request.header.X-One, method.request.querystring.Q, stageVariables.v,context.identity.sourceIp,context.none";
        let compiled = LambdaAuthorizer::compile(&authorizer(AuthorizerType::Request, Some(sources))).unwrap();
        assert_eq!(compiled.ttl, Duration::from_secs(300));
        let Shows::Request(sources) = compiled.shows else { panic!("not of a request") };
        let places: Vec<_> = sources.iter().map(|source| &source.place).collect();
        let expected = [
            &IdentityPlace::Header(HeaderName::from_static("x-one")),
            &IdentityPlace::Query("Q".into()),
            &IdentityPlace::StageVariable("v".into()),
            &IdentityPlace::Context("identity.sourceIp".into(), Some(ContextVariable::SourceIp)),
            &IdentityPlace::Context("none".into(), None),
        ];
        assert_eq!(places, expected);
        for wrong in ["method.request.path.id", "method.request.body", "header.X", "method.request.header.a b", "context."] {
            assert!(LambdaAuthorizer::compile(&authorizer(AuthorizerType::Request, Some(wrong))).is_err(), "{wrong}");
        }
    }

    #[test]
    fn answers_are_not_kept_for_everybody() {
        let mut request = authorizer(AuthorizerType::Request, None);
        assert!(LambdaAuthorizer::compile(&request).is_err());
        request.authorizer_result_ttl_in_seconds = Some(0);
        assert!(LambdaAuthorizer::compile(&request).is_ok());
        request.authorizer_result_ttl_in_seconds = Some(1);
        request.identity_source = Some(" , ".to_owned());
        assert!(LambdaAuthorizer::compile(&request).is_err());
    }

    #[test]
    fn a_token_is_one_header() {
        assert!(LambdaAuthorizer::compile(&authorizer(AuthorizerType::Token, None)).is_err());
        for wrong in ["method.request.querystring.q", "method.request.header.A,method.request.header.B", "context.stage"] {
            assert!(LambdaAuthorizer::compile(&authorizer(AuthorizerType::Token, Some(wrong))).is_err(), "{wrong}");
        }
        assert!(LambdaAuthorizer::compile(&authorizer(AuthorizerType::Token, Some("method.request.header.Auth"))).is_ok());
    }

    #[test]
    fn its_function_is_the_stages() {
        let compiled = LambdaAuthorizer::compile(&authorizer(AuthorizerType::Token, Some("method.request.header.Auth"))).unwrap();
        let function = compiled.resolve(&[("fn".to_owned(), "hello".to_owned())].into()).unwrap();
        assert_eq!(&*function.name, "arn:aws:lambda:eu-west-1:000000000000:function:hello");
        assert_eq!(function.signatory, Signatory::Role("arn:aws:iam::000000000000:role/hello".into()));
        let mut streaming = authorizer(AuthorizerType::Token, Some("method.request.header.Auth"));
        let uri = "arn:aws:apigateway:eu-west-1:lambda:path/2021-11-15/functions/hello/response-streaming-invocations";
        streaming.authorizer_uri = Some(uri.to_owned());
        assert!(LambdaAuthorizer::compile(&streaming).unwrap().resolve(&BTreeMap::new()).is_err());
        streaming.authorizer_credentials = Some("arn:aws:iam::*:user/*".to_owned());
        streaming.authorizer_uri = Some(URI.replace("${stageVariables.fn}", "hello"));
        assert!(LambdaAuthorizer::compile(&streaming).unwrap().resolve(&BTreeMap::new()).is_err(), "nobody has signed");
    }

    #[tokio::test]
    async fn long_tokens_wait_for_nobody() {
        let work = HeavyWork::default();
        let mut signed = authorizer(AuthorizerType::Token, Some("method.request.header.Auth"));
        signed.identity_validation_expression = Some(r"^Bearer [-0-9a-zA-Z\._]*$".to_owned());
        let Shows::Token { expression: Some(expression), .. } = LambdaAuthorizer::compile(&signed).unwrap().shows else {
            panic!("no expression")
        };
        // All turns are taken, and there is no place left in the line.
        let (release, held) = std::sync::mpsc::sync_channel::<()>(0);
        let held = Arc::new(std::sync::Mutex::new(held));
        let busy: Vec<_> = (0..64)
            .map(|_| {
                let (work, held) = (work.clone(), Arc::clone(&held));
                tokio::spawn(async move {
                    work.run("abcde12345", move || {
                        let _ = held.lock().unwrap().recv();
                    })
                    .await
                })
            })
            .collect();
        tokio::task::yield_now().await;
        let token = format!("Bearer {}", "aZ-_.9".repeat(1_500));
        assert!(expression.matches(&token, "abcde12345", &work).await.unwrap());
        assert!(!expression.matches(&format!("{token}!"), "abcde12345", &work).await.unwrap());
        drop(release);
        for piece in busy {
            let _crowded = piece.await.unwrap();
        }
    }

    #[tokio::test]
    async fn expressions_match_whole_tokens() {
        let work = HeavyWork::default();
        let matches = |expression: &str, token: String| {
            let mut token_authorizer = authorizer(AuthorizerType::Token, Some("method.request.header.Auth"));
            token_authorizer.identity_validation_expression = Some(expression.to_owned());
            let Shows::Token { expression: Some(expression), .. } = LambdaAuthorizer::compile(&token_authorizer).unwrap().shows
            else {
                panic!("no expression")
            };
            let work = &work;
            async move { expression.matches(&token, "abcde12345", work).await.unwrap() }
        };
        assert!(matches("Bearer [a-z]+", "Bearer abc".to_owned()).await);
        assert!(!matches("Bearer [a-z]+", "Bearer abc1".to_owned()).await);
        assert!(!matches("Bearer [a-z]+", "xBearer abc".to_owned()).await);
        assert!(matches("a*", "a".repeat(16_000)).await);
        assert!(!matches("a*", "a".repeat(20_000)).await, "longer than any header");
        assert!(!matches("(a|aa)+(b)\\2?c", "a".repeat(200)).await, "too many steps");
        let mut broken = authorizer(AuthorizerType::Token, Some("method.request.header.Auth"));
        broken.identity_validation_expression = Some("(".to_owned());
        assert!(LambdaAuthorizer::compile(&broken).is_err());
    }
}
