//! The port through which TestInvokeMethod and TestInvokeAuthorizer reach the data plane.

use std::sync::Arc;

use postern_api_model::ports::{
    PortFuture, TestAnswer, TestAuthorizerAnswer, TestAuthorizerCall, TestCall, TestInvokeError, TestInvoker,
};
use postern_data_plane::Gateway;
use postern_data_plane::transport::Upstreams;

/// Tests methods and authorizers on the gateway, with connections to backends that are the management runtime's own.
pub struct GatewayTester {
    gateway: Arc<Gateway>,
    upstreams: Upstreams,
}

impl GatewayTester {
    /// Over a gateway.
    pub fn new(gateway: Arc<Gateway>, upstreams: Upstreams) -> Self {
        Self { gateway, upstreams }
    }
}

impl TestInvoker for GatewayTester {
    fn test_invoke(&self, call: TestCall) -> PortFuture<'_, Result<TestAnswer, TestInvokeError>> {
        Box::pin(self.gateway.test_invoke(&self.upstreams, call))
    }

    fn test_invoke_authorizer(&self, call: TestAuthorizerCall) -> PortFuture<'_, Result<TestAuthorizerAnswer, TestInvokeError>> {
        Box::pin(self.gateway.test_invoke_authorizer(&self.upstreams, call))
    }
}
