//! The operations of AWS's surface that are not built yet: each answers 501 and names itself.
//!
//! Building one means moving its line from here into the table of its service in `operations/`. A conformance test holds
//! `conformance/unbuilt.txt` against what the server answers and lets it only shrink.

use postern_api_model::{apigatewaymanagementapi, apigatewayv2};

macro_rules! unbuilt_v2 {
    ($then:ident) => {
        postern_api_model::$then! { apigatewayv2:
            create_api CreateApi,
            create_api_mapping CreateApiMapping,
            create_authorizer CreateAuthorizer,
            create_deployment CreateDeployment,
            create_domain_name CreateDomainName,
            create_integration CreateIntegration,
            create_integration_response CreateIntegrationResponse,
            create_model CreateModel,
            create_portal CreatePortal,
            create_portal_product CreatePortalProduct,
            create_product_page CreateProductPage,
            create_product_rest_endpoint_page CreateProductRestEndpointPage,
            create_route CreateRoute,
            create_route_response CreateRouteResponse,
            create_routing_rule CreateRoutingRule,
            create_stage CreateStage,
            delete_access_log_settings DeleteAccessLogSettings,
            delete_api DeleteApi,
            delete_api_mapping DeleteApiMapping,
            delete_authorizer DeleteAuthorizer,
            delete_cors_configuration DeleteCorsConfiguration,
            delete_deployment DeleteDeployment,
            delete_domain_name DeleteDomainName,
            delete_integration DeleteIntegration,
            delete_integration_response DeleteIntegrationResponse,
            delete_model DeleteModel,
            delete_portal DeletePortal,
            delete_portal_product DeletePortalProduct,
            delete_portal_product_sharing_policy DeletePortalProductSharingPolicy,
            delete_product_page DeleteProductPage,
            delete_product_rest_endpoint_page DeleteProductRestEndpointPage,
            delete_route DeleteRoute,
            delete_route_request_parameter DeleteRouteRequestParameter,
            delete_route_response DeleteRouteResponse,
            delete_route_settings DeleteRouteSettings,
            delete_routing_rule DeleteRoutingRule,
            delete_stage DeleteStage,
            disable_portal DisablePortal,
            export_api ExportApi,
            get_api GetApi,
            get_api_mapping GetApiMapping,
            get_api_mappings GetApiMappings,
            get_apis GetApis,
            get_authorizer GetAuthorizer,
            get_authorizers GetAuthorizers,
            get_deployment GetDeployment,
            get_deployments GetDeployments,
            get_domain_name GetDomainName,
            get_domain_names GetDomainNames,
            get_integration GetIntegration,
            get_integration_response GetIntegrationResponse,
            get_integration_responses GetIntegrationResponses,
            get_integrations GetIntegrations,
            get_model GetModel,
            get_model_template GetModelTemplate,
            get_models GetModels,
            get_portal GetPortal,
            get_portal_product GetPortalProduct,
            get_portal_product_sharing_policy GetPortalProductSharingPolicy,
            get_product_page GetProductPage,
            get_product_rest_endpoint_page GetProductRestEndpointPage,
            get_route GetRoute,
            get_route_response GetRouteResponse,
            get_route_responses GetRouteResponses,
            get_routes GetRoutes,
            get_routing_rule GetRoutingRule,
            get_stage GetStage,
            get_stages GetStages,
            import_api ImportApi,
            list_portal_products ListPortalProducts,
            list_portals ListPortals,
            list_product_pages ListProductPages,
            list_product_rest_endpoint_pages ListProductRestEndpointPages,
            list_routing_rules ListRoutingRules,
            preview_portal PreviewPortal,
            publish_portal PublishPortal,
            put_portal_product_sharing_policy PutPortalProductSharingPolicy,
            put_routing_rule PutRoutingRule,
            reimport_api ReimportApi,
            reset_authorizers_cache ResetAuthorizersCache,
            update_api UpdateApi,
            update_api_mapping UpdateApiMapping,
            update_authorizer UpdateAuthorizer,
            update_deployment UpdateDeployment,
            update_domain_name UpdateDomainName,
            update_integration UpdateIntegration,
            update_integration_response UpdateIntegrationResponse,
            update_model UpdateModel,
            update_portal UpdatePortal,
            update_portal_product UpdatePortalProduct,
            update_product_page UpdateProductPage,
            update_product_rest_endpoint_page UpdateProductRestEndpointPage,
            update_route UpdateRoute,
            update_route_response UpdateRouteResponse,
            update_stage UpdateStage,
        }
    };
}

macro_rules! unbuilt_management {
    ($then:ident) => {
        postern_api_model::$then! { apigatewaymanagementapi:
            delete_connection DeleteConnection,
            get_connection GetConnection,
            post_to_connection PostToConnection,
        }
    };
}

/// Of `apigatewayv2`.
pub const UNBUILT_V2: &[apigatewayv2::Operation] = unbuilt_v2!(unbuilt_operations);

/// Of `apigatewaymanagementapi`.
pub const UNBUILT_MANAGEMENT: &[apigatewaymanagementapi::Operation] = unbuilt_management!(unbuilt_operations);

pub(crate) use {unbuilt_management, unbuilt_v2};
