//! `apigateway`: REST APIs. The table below is the service; what is not in it is in [`crate::unbuilt`].

mod account;
mod api_key;
mod authorizer;
mod base_path_mapping;
mod client_certificate;
mod deployment;
mod documentation_part;
mod documentation_version;
mod domain_name;
mod domain_name_access_association;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod gateway_response;
mod integration;
mod integration_response;
mod map_patch;
mod mapping;
mod method;
mod method_response;
mod model;
mod request_validator;
mod resource;
mod rest_api;
mod sdk;
mod stage;
mod tag;
mod usage;
mod usage_plan;
mod usage_plan_key;
mod vpc_link;

use postern_api_model::apigateway::{ApiGateway, OperationTypes, op};
use postern_api_model::error::ApiResult;
use postern_api_model::scope::Caller;

pub use rest_api::{CheckedImport, check_import};

use crate::ControlPlane;
use crate::unbuilt::unbuilt_v1;

/// Writes a trait method for each operation that hands its input to the function of its noun.
macro_rules! built {
    ($($method:ident $operation:ident => $noun:ident::$function:ident;)+) => {
        $(
            async fn $method(&self, caller: &Caller, input: <op::$operation as OperationTypes>::Input)
                -> ApiResult<<op::$operation as OperationTypes>::Output>
            {
                $noun::$function(self, caller, input).await
            }
        )+
    };
}

impl ApiGateway for ControlPlane {
    built! {
        create_rest_api CreateRestApi => rest_api::create;
        import_rest_api ImportRestApi => rest_api::import;
        put_rest_api PutRestApi => rest_api::put;
        get_export GetExport => rest_api::export;
        get_rest_api GetRestApi => rest_api::show;
        get_rest_apis GetRestApis => rest_api::list;
        update_rest_api UpdateRestApi => rest_api::update;
        delete_rest_api DeleteRestApi => rest_api::delete;
        create_resource CreateResource => resource::create;
        get_resource GetResource => resource::show;
        get_resources GetResources => resource::list;
        update_resource UpdateResource => resource::update;
        delete_resource DeleteResource => resource::delete;
        put_method PutMethod => method::put;
        get_method GetMethod => method::show;
        update_method UpdateMethod => method::update;
        delete_method DeleteMethod => method::delete;
        test_invoke_method TestInvokeMethod => method::test_invoke;
        put_method_response PutMethodResponse => method_response::put;
        get_method_response GetMethodResponse => method_response::show;
        update_method_response UpdateMethodResponse => method_response::update;
        delete_method_response DeleteMethodResponse => method_response::delete;
        put_integration PutIntegration => integration::put;
        get_integration GetIntegration => integration::show;
        update_integration UpdateIntegration => integration::update;
        delete_integration DeleteIntegration => integration::delete;
        put_integration_response PutIntegrationResponse => integration_response::put;
        get_integration_response GetIntegrationResponse => integration_response::show;
        update_integration_response UpdateIntegrationResponse => integration_response::update;
        delete_integration_response DeleteIntegrationResponse => integration_response::delete;
        create_model CreateModel => model::create;
        get_model GetModel => model::show;
        get_models GetModels => model::list;
        get_model_template GetModelTemplate => model::template_of;
        update_model UpdateModel => model::update;
        delete_model DeleteModel => model::delete;
        create_request_validator CreateRequestValidator => request_validator::create;
        get_request_validator GetRequestValidator => request_validator::show;
        get_request_validators GetRequestValidators => request_validator::list;
        update_request_validator UpdateRequestValidator => request_validator::update;
        delete_request_validator DeleteRequestValidator => request_validator::delete;
        put_gateway_response PutGatewayResponse => gateway_response::put;
        get_gateway_response GetGatewayResponse => gateway_response::show;
        get_gateway_responses GetGatewayResponses => gateway_response::list;
        update_gateway_response UpdateGatewayResponse => gateway_response::update;
        delete_gateway_response DeleteGatewayResponse => gateway_response::delete;
        create_deployment CreateDeployment => deployment::create;
        get_deployment GetDeployment => deployment::show;
        get_deployments GetDeployments => deployment::list;
        update_deployment UpdateDeployment => deployment::update;
        delete_deployment DeleteDeployment => deployment::delete;
        create_stage CreateStage => stage::create;
        get_stage GetStage => stage::show;
        get_stages GetStages => stage::list;
        update_stage UpdateStage => stage::update;
        delete_stage DeleteStage => stage::delete;
        create_authorizer CreateAuthorizer => authorizer::create;
        get_authorizer GetAuthorizer => authorizer::show;
        get_authorizers GetAuthorizers => authorizer::list;
        update_authorizer UpdateAuthorizer => authorizer::update;
        delete_authorizer DeleteAuthorizer => authorizer::delete;
        create_base_path_mapping CreateBasePathMapping => base_path_mapping::create;
        get_base_path_mapping GetBasePathMapping => base_path_mapping::show;
        get_base_path_mappings GetBasePathMappings => base_path_mapping::list;
        update_base_path_mapping UpdateBasePathMapping => base_path_mapping::update;
        delete_base_path_mapping DeleteBasePathMapping => base_path_mapping::delete;
        create_domain_name CreateDomainName => domain_name::create;
        get_domain_name GetDomainName => domain_name::show;
        get_domain_names GetDomainNames => domain_name::list;
        update_domain_name UpdateDomainName => domain_name::update;
        delete_domain_name DeleteDomainName => domain_name::delete;
        create_vpc_link CreateVpcLink => vpc_link::create;
        get_vpc_link GetVpcLink => vpc_link::show;
        get_vpc_links GetVpcLinks => vpc_link::list;
        update_vpc_link UpdateVpcLink => vpc_link::update;
        delete_vpc_link DeleteVpcLink => vpc_link::delete;
        create_domain_name_access_association CreateDomainNameAccessAssociation => domain_name_access_association::create;
        get_domain_name_access_associations GetDomainNameAccessAssociations => domain_name_access_association::list;
        delete_domain_name_access_association DeleteDomainNameAccessAssociation => domain_name_access_association::delete;
        reject_domain_name_access_association RejectDomainNameAccessAssociation => domain_name_access_association::reject;
        flush_stage_cache FlushStageCache => stage::flush_cache;
        flush_stage_authorizers_cache FlushStageAuthorizersCache => stage::flush_authorizers_cache;
        get_sdk GetSdk => sdk::generate;
        get_sdk_type GetSdkType => sdk::show_type;
        get_sdk_types GetSdkTypes => sdk::types;
        get_account GetAccount => account::show;
        update_account UpdateAccount => account::update;
        create_documentation_part CreateDocumentationPart => documentation_part::create;
        get_documentation_part GetDocumentationPart => documentation_part::show;
        get_documentation_parts GetDocumentationParts => documentation_part::list;
        update_documentation_part UpdateDocumentationPart => documentation_part::update;
        delete_documentation_part DeleteDocumentationPart => documentation_part::delete;
        import_documentation_parts ImportDocumentationParts => documentation_part::import;
        create_documentation_version CreateDocumentationVersion => documentation_version::create;
        get_documentation_version GetDocumentationVersion => documentation_version::show;
        get_documentation_versions GetDocumentationVersions => documentation_version::list;
        update_documentation_version UpdateDocumentationVersion => documentation_version::update;
        delete_documentation_version DeleteDocumentationVersion => documentation_version::delete;
        create_api_key CreateApiKey => api_key::create;
        get_api_key GetApiKey => api_key::show;
        get_api_keys GetApiKeys => api_key::list;
        update_api_key UpdateApiKey => api_key::update;
        delete_api_key DeleteApiKey => api_key::delete;
        import_api_keys ImportApiKeys => api_key::import;
        create_usage_plan CreateUsagePlan => usage_plan::create;
        get_usage_plan GetUsagePlan => usage_plan::show;
        get_usage_plans GetUsagePlans => usage_plan::list;
        update_usage_plan UpdateUsagePlan => usage_plan::update;
        delete_usage_plan DeleteUsagePlan => usage_plan::delete;
        create_usage_plan_key CreateUsagePlanKey => usage_plan_key::create;
        get_usage_plan_key GetUsagePlanKey => usage_plan_key::show;
        get_usage_plan_keys GetUsagePlanKeys => usage_plan_key::list;
        delete_usage_plan_key DeleteUsagePlanKey => usage_plan_key::delete;
        get_usage GetUsage => usage::show;
        update_usage UpdateUsage => usage::update;
        generate_client_certificate GenerateClientCertificate => client_certificate::generate;
        get_client_certificate GetClientCertificate => client_certificate::show;
        get_client_certificates GetClientCertificates => client_certificate::list;
        update_client_certificate UpdateClientCertificate => client_certificate::update;
        delete_client_certificate DeleteClientCertificate => client_certificate::delete;
        tag_resource TagResource => tag::tag;
        untag_resource UntagResource => tag::untag;
        get_tags GetTags => tag::list;
    }

    unbuilt_v1!(unbuilt_methods);
}
