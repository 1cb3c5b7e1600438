//! `apigatewayv2`: HTTP and WebSocket APIs. Nothing of it is built yet; see [`crate::unbuilt`].

use postern_api_model::apigatewayv2::ApiGatewayV2;

use crate::ControlPlane;
use crate::unbuilt::unbuilt_v2;

impl ApiGatewayV2 for ControlPlane {
    unbuilt_v2!(unbuilt_methods);
}
