//! The variables of access logs: those of every `$context`, and those that are known only at the end of a request.

use std::borrow::Cow;
use std::time::Duration;

use http::StatusCode;

use super::escape::Shown;
use crate::compile::PublishedStage;
use crate::context::{Arrival, ContextVariable};
use crate::error::{Fault, GatewayError};
use crate::execution_log::masked_api_key;
use crate::observed::Observed;

/// A variable of an access log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LogVariable {
    /// One that mappings have as well.
    Context(ContextVariable),
    Status,
    ResponseLatency,
    ResponseLength,
    IntegrationLatency,
    /// Of the backend, or of Lambda itself.
    IntegrationStatus,
    /// Of the backend, or of a function's code.
    IntegrationCodeStatus,
    IntegrationError,
    EndpointRequestId,
    EndpointType,
    ErrorMessage,
    ErrorMessageString,
    ErrorResponseType,
    ValidationError,
    /// Of a step that decides who may call.
    Step(Step, StepFact),
    OverriddenStatus,
    /// By its name.
    OverriddenHeader(Box<str>),
    /// One of AWS's that nothing sets here.
    Unset,
    /// No variable of AWS's.
    Unknown,
}

/// A step that decides who may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The signature is whose it says.
    Authenticate,
    /// Policies let the caller in.
    Authorize,
    /// The method's authorizer.
    Authorizer,
}

/// What is said of such a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StepFact {
    Error,
    Status,
    /// That of what it asked.
    IntegrationStatus,
}

/// Variables that name what there is not on this gateway: a firewall, TLS of its own, custom domains, VPC endpoints, identity pools.
const UNSET: [&str; 25] = [
    "authenticate.latency",
    "authorize.latency",
    "authorizer.requestId",
    "cipherSuite",
    "customDomain.basePathMatched",
    "customDomain.routingRuleIdMatched",
    "identity.clientCert.clientCertPem",
    "identity.clientCert.issuerDN",
    "identity.clientCert.serialNumber",
    "identity.clientCert.subjectDN",
    "identity.clientCert.validity.notAfter",
    "identity.clientCert.validity.notBefore",
    "identity.cognitoAuthenticationProvider",
    "identity.cognitoAuthenticationType",
    "identity.cognitoIdentityId",
    "identity.cognitoIdentityPoolId",
    "identity.principalOrgId",
    "identity.vpcId",
    "identity.vpceId",
    "tlsVersion",
    "waf.error",
    "waf.latency",
    "waf.status",
    "wafResponseCode",
    "webaclArn",
];

impl LogVariable {
    /// The variable that `name`, without `context.`, stands for.
    pub(super) fn parse(name: &str) -> Self {
        match name {
            "status" => Self::Status,
            "responseLatency" => Self::ResponseLatency,
            "responseLength" => Self::ResponseLength,
            "integrationLatency" | "integration.latency" => Self::IntegrationLatency,
            "integrationStatus" | "integration.integrationStatus" => Self::IntegrationStatus,
            "integration.status" => Self::IntegrationCodeStatus,
            "integrationErrorMessage" | "integration.error" => Self::IntegrationError,
            "awsEndpointRequestId" | "integration.requestId" => Self::EndpointRequestId,
            "endpointType" => Self::EndpointType,
            "error.message" => Self::ErrorMessage,
            "error.messageString" => Self::ErrorMessageString,
            "error.responseType" => Self::ErrorResponseType,
            "error.validationErrorString" => Self::ValidationError,
            "authenticate.error" => Self::Step(Step::Authenticate, StepFact::Error),
            "authenticate.status" => Self::Step(Step::Authenticate, StepFact::Status),
            "authorize.error" => Self::Step(Step::Authorize, StepFact::Error),
            "authorize.status" => Self::Step(Step::Authorize, StepFact::Status),
            "authorizer.error" => Self::Step(Step::Authorizer, StepFact::Error),
            "authorizer.status" => Self::Step(Step::Authorizer, StepFact::Status),
            "authorizer.integrationStatus" => Self::Step(Step::Authorizer, StepFact::IntegrationStatus),
            // The whole time that a request waits for its authorizer is spent on asking it.
            "authorizer.latency" => Self::of_context("authorizer.integrationLatency"),
            "responseOverride.status" => Self::OverriddenStatus,
            _ if UNSET.contains(&name) => Self::Unset,
            _ => match name.strip_prefix("responseOverride.header.") {
                Some(header) => Self::OverriddenHeader(header.into()),
                None => Self::of_context(name),
            },
        }
    }

    fn of_context(name: &str) -> Self {
        ContextVariable::parse(name).map_or(Self::Unknown, Self::Context)
    }
}

/// A request that is over, as its line shows it.
#[derive(Clone, Copy)]
pub(crate) struct Values<'a> {
    pub(crate) arrival: &'a Arrival,
    pub(crate) stage: &'a PublishedStage,
    pub(crate) status: StatusCode,
    pub(crate) latency: Duration,
    /// `None` when no integration was called.
    pub(crate) integration_latency: Option<Duration>,
    /// Of the response's body.
    pub(crate) bytes: u64,
    /// Why the gateway answered in the API's place.
    pub(crate) error: Option<&'a GatewayError>,
    /// `EDGE`, `REGIONAL` or `PRIVATE`.
    pub(crate) endpoint_type: &'a str,
}

impl<'a> Values<'a> {
    /// Gives the value of a variable to `push`: `None` where the request has none.
    pub(super) fn show(&self, variable: &LogVariable, push: impl FnOnce(Option<Shown<'_>>)) {
        let number = |number: Option<u64>| number.map(Shown::Number);
        let code = |status: StatusCode| Shown::Number(status.as_u16().into());
        match variable {
            LogVariable::Context(variable) => push(self.context(variable).as_deref().map(Shown::Text)),
            LogVariable::Status => push(Some(code(self.status))),
            LogVariable::ResponseLatency => push(number(Some(millis(self.latency)))),
            LogVariable::ResponseLength => push(number(Some(self.bytes))),
            LogVariable::IntegrationLatency => push(number(self.integration_latency.map(millis))),
            LogVariable::IntegrationStatus => push(self.observed().and_then(Observed::service_status).map(code)),
            LogVariable::IntegrationCodeStatus => push(self.observed().and_then(Observed::integration_status).map(code)),
            LogVariable::IntegrationError => push(self.integration_error().map(Shown::Text)),
            LogVariable::EndpointRequestId => push(self.observed().and_then(Observed::endpoint_request_id).map(Shown::Text)),
            LogVariable::EndpointType => push(Some(Shown::Text(self.endpoint_type))),
            LogVariable::ErrorMessage => push(self.error_message().as_deref().map(Shown::Text)),
            LogVariable::ErrorMessageString => push(self.error_message().as_deref().map(Shown::Quoted)),
            LogVariable::ErrorResponseType => {
                let kind = self.error.and_then(GatewayError::kind);
                push(kind.map(|kind| Shown::Text(kind.as_str())));
            }
            LogVariable::ValidationError => {
                let text = self.error.map(GatewayError::validation_error).filter(|text| !text.is_empty());
                push(text.map(Shown::Text));
            }
            LogVariable::Step(step, fact) => self.step(*step, *fact, push),
            LogVariable::OverriddenStatus => {
                push(self.observed().and_then(Observed::overridden_status).map(code));
            }
            LogVariable::OverriddenHeader(name) => {
                push(self.observed().and_then(|observed| observed.overridden_header(name)).map(Shown::Text));
            }
            LogVariable::Unset | LogVariable::Unknown => push(None),
        }
    }

    fn observed(&self) -> Option<&'a Observed> {
        self.arrival.observed()
    }

    fn context(&self, variable: &ContextVariable) -> Option<Cow<'a, str>> {
        let resource = self.arrival.method_index.get().map(|index| {
            let resource = self.stage.api.resource(self.stage.api.method(*index).resource);
            (&*resource.id, &*resource.path)
        });
        let value = variable.value(self.arrival, self.stage, resource)?;
        Some(match variable {
            // AWS shows it; a log is no place for it.
            ContextVariable::ApiKey => masked_api_key(&value).into(),
            _ => value,
        })
    }

    fn error_message(&self) -> Option<Cow<'a, str>> {
        self.error.filter(|error| error.has_message()).map(GatewayError::message_for_logs)
    }

    fn integration_error(&self) -> Option<&'a str> {
        self.error.filter(|error| error.fault() == Fault::Integration)?.log_detail()
    }

    /// What AWS says of these steps is not recorded: 200 for one that let the request pass, the status that one answered otherwise.
    fn step(&self, step: Step, fact: StepFact, push: impl FnOnce(Option<Shown<'_>>)) {
        let refused = self.error.filter(|error| refused_by(error, self.has_authorizer()) == Some(step));
        let passed = match step {
            Step::Authenticate | Step::Authorize => self.arrival.caller().is_some(),
            Step::Authorizer => self.arrival.authorizer.get().is_some(),
        };
        match (fact, refused) {
            (StepFact::Error, Some(error)) => {
                let message = error.log_detail().map_or_else(|| error.message_for_logs(), Cow::Borrowed);
                push(Some(Shown::Text(&message)));
            }
            (StepFact::Status, Some(error)) => push(Some(Shown::Number(error.status().as_u16().into()))),
            (StepFact::Status | StepFact::IntegrationStatus, None) if passed => push(Some(Shown::Number(200))),
            _ => push(None),
        }
    }

    fn has_authorizer(&self) -> bool {
        let method = self.arrival.method_index.get().map(|index| self.stage.api.method(*index));
        method.is_some_and(|method| method.has_authorizer())
    }
}

/// The step that raised an error.
fn refused_by(error: &GatewayError, has_authorizer: bool) -> Option<Step> {
    match error {
        GatewayError::Unauthenticated(_) | GatewayError::IncompleteSignature(_) => Some(Step::Authenticate),
        GatewayError::AccessDenied(_) if has_authorizer => Some(Step::Authorizer),
        GatewayError::AccessDenied(_) => Some(Step::Authorize),
        GatewayError::Unauthorized
        | GatewayError::TokenExpired
        | GatewayError::AuthorizerFailure(_)
        | GatewayError::AuthorizerConfiguration(_) => Some(Step::Authorizer),
        _ => None,
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Every documented variable (AWS docs, "Variables for access logging"), for a test that each is known.
#[cfg(test)]
pub(super) const DOCUMENTED: &[&str] = &[
    "accountId",
    "apiId",
    "authorize.error",
    "authorize.latency",
    "authorize.status",
    "authorizer.claims.email",
    "authorizer.error",
    "authorizer.integrationLatency",
    "authorizer.integrationStatus",
    "authorizer.latency",
    "authorizer.principalId",
    "authorizer.tenant",
    "authorizer.requestId",
    "authorizer.status",
    "authenticate.error",
    "authenticate.latency",
    "authenticate.status",
    "awsEndpointRequestId",
    "cipherSuite",
    "customDomain.basePathMatched",
    "customDomain.routingRuleIdMatched",
    "deploymentId",
    "domainName",
    "domainPrefix",
    "endpointType",
    "error.message",
    "error.messageString",
    "error.responseType",
    "error.validationErrorString",
    "extendedRequestId",
    "httpMethod",
    "identity.accessKey",
    "identity.accountId",
    "identity.apiKey",
    "identity.apiKeyId",
    "identity.caller",
    "identity.clientCert.clientCertPem",
    "identity.clientCert.subjectDN",
    "identity.clientCert.issuerDN",
    "identity.clientCert.serialNumber",
    "identity.clientCert.validity.notBefore",
    "identity.clientCert.validity.notAfter",
    "identity.cognitoAuthenticationProvider",
    "identity.cognitoAuthenticationType",
    "identity.cognitoIdentityId",
    "identity.cognitoIdentityPoolId",
    "identity.principalOrgId",
    "identity.sourceIp",
    "identity.user",
    "identity.userAgent",
    "identity.userArn",
    "identity.vpcId",
    "identity.vpceId",
    "integration.error",
    "integration.integrationStatus",
    "integration.latency",
    "integration.requestId",
    "integration.status",
    "integrationErrorMessage",
    "integrationLatency",
    "integrationStatus",
    "isCanaryRequest",
    "path",
    "protocol",
    "requestId",
    "requestTime",
    "requestTimeEpoch",
    "resourceId",
    "resourcePath",
    "responseOverride.header.X-A",
    "responseOverride.status",
    "responseLatency",
    "responseLength",
    "stage",
    "status",
    "tlsVersion",
    "waf.error",
    "waf.latency",
    "waf.status",
    "wafResponseCode",
    "webaclArn",
    "xrayTraceId",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_variable_is_known() {
        for name in DOCUMENTED {
            assert_ne!(LogVariable::parse(name), LogVariable::Unknown, "{name}");
        }
        assert_eq!(LogVariable::parse("requestid"), LogVariable::Unknown);
        assert_eq!(LogVariable::parse("identity"), LogVariable::Unknown);
    }
}
