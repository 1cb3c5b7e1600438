//! `apigatewayv2`: HTTP and WebSocket APIs, of which only the VPC links are built: REST APIs use them too. The table below is what there
//! is; what is not in it is in [`crate::unbuilt`].

mod tag;
mod vpc_link;

use postern_api_model::apigatewayv2::{ApiGatewayV2, OperationTypes, op};
use postern_api_model::error::ApiResult;
use postern_api_model::scope::Caller;

use super::built;
use crate::ControlPlane;
use crate::unbuilt::unbuilt_v2;

impl ApiGatewayV2 for ControlPlane {
    built! {
        create_vpc_link CreateVpcLink => vpc_link::create;
        get_vpc_link GetVpcLink => vpc_link::show;
        get_vpc_links GetVpcLinks => vpc_link::list;
        update_vpc_link UpdateVpcLink => vpc_link::update;
        delete_vpc_link DeleteVpcLink => vpc_link::delete;
        tag_resource TagResource => tag::tag;
        untag_resource UntagResource => tag::untag;
        get_tags GetTags => tag::list;
    }

    unbuilt_v2!(unbuilt_methods);
}
