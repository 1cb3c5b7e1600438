//! `apigatewaymanagementapi`: open WebSocket connections. Nothing of it is built yet; see [`crate::unbuilt`].

use postern_api_model::apigatewaymanagementapi::ApiGatewayManagementApi;

use crate::ControlPlane;
use crate::unbuilt::unbuilt_management;

impl ApiGatewayManagementApi for ControlPlane {
    unbuilt_management!(unbuilt_methods);
}
