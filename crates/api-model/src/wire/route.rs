//! One door for the three services.

use super::Matched;
use crate::{apigateway, apigatewaymanagementapi, apigatewayv2};

/// An operation of any of the three services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AnyOperation {
    /// REST APIs, `apigateway`.
    V1(apigateway::Operation),
    /// HTTP and WebSocket APIs, `apigatewayv2`.
    V2(apigatewayv2::Operation),
    /// `@connections`, `apigatewaymanagementapi`.
    Management(apigatewaymanagementapi::Operation),
}

impl AnyOperation {
    /// AWS's name, such as `CreateRestApi`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::V1(operation) => operation.name(),
            Self::V2(operation) => operation.name(),
            Self::Management(operation) => operation.name(),
        }
    }
}

/// A request's operation and labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route<'a> {
    /// The operation.
    pub operation: AnyOperation,
    /// Label and the segment in its place, still percent-encoded.
    pub labels: Vec<(&'static str, &'a str)>,
}

/// The operation that a request is for, or `None` when no service has it. `raw_path` and `raw_query` are as sent.
///
/// Paths under `/v2/` are v2's. `/@connections/{id}` is the management API's, with the stage in front of it or without.
pub fn find<'a>(method: &str, raw_path: &'a str, raw_query: &str) -> Option<Route<'a>> {
    if raw_path.starts_with("/v2/") {
        return Matched::find(method, raw_path, raw_query).map(|found| found.into_route(AnyOperation::V2));
    }
    if let Some(found) = Matched::find(method, raw_path, raw_query) {
        return Some(found.into_route(AnyOperation::V1));
    }
    let connection = |path| Matched::find(method, path, raw_query).map(|found| found.into_route(AnyOperation::Management));
    connection(raw_path).or_else(|| connection(after_first_segment(raw_path)?))
}

/// `/a/b/c` without its first segment, which must not be empty: `/b/c`.
fn after_first_segment(raw_path: &str) -> Option<&str> {
    let rest = raw_path.strip_prefix('/')?;
    rest.find('/').filter(|end| *end > 0).map(|end| &rest[end..])
}

impl<'a, O> Matched<'a, O> {
    fn into_route(self, service: impl FnOnce(O) -> AnyOperation) -> Route<'a> {
        Route { operation: service(self.operation), labels: self.labels }
    }
}
