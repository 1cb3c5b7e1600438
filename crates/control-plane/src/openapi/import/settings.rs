//! Extensions at the root: settings of the API as a whole.

use indexmap::IndexMap;
use postern_api_model::apigateway::{ApiKeySourceType, EndpointAccessMode, GatewayResponseType, IpAddressType, SecurityPolicy};
use postern_api_model::rest_api::GatewayResponse;

use super::{Reader, Version};
use crate::openapi::node::Node;

/// Something of the API as a whole, and where the document says it.
#[derive(Clone, Debug)]
pub struct Setting<T> {
    /// What it is to be.
    pub value: T,
    /// A JSON pointer.
    pub place: String,
}

/// What the document says of the API as a whole. What it does not say is `None`.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// `x-amazon-apigateway-api-key-source`.
    pub api_key_source: Option<Setting<ApiKeySourceType>>,
    /// `x-amazon-apigateway-binary-media-types`.
    pub binary_media_types: Option<Setting<Vec<String>>>,
    /// `x-amazon-apigateway-minimum-compression-size`, unchecked.
    pub minimum_compression_size: Option<Setting<i32>>,
    /// `x-amazon-apigateway-policy` as text, unchecked.
    pub policy: Option<Setting<String>>,
    /// `disableExecuteApiEndpoint`.
    pub disable_execute_api_endpoint: Option<Setting<bool>>,
    /// `vpcEndpointIds`.
    pub vpc_endpoint_ids: Option<Setting<Vec<String>>>,
    /// `ipAddressType`.
    pub ip_address_type: Option<Setting<IpAddressType>>,
    /// `x-amazon-apigateway-security-policy`.
    pub security_policy: Option<Setting<SecurityPolicy>>,
    /// `x-amazon-apigateway-endpoint-access-mode`.
    pub endpoint_access_mode: Option<Setting<EndpointAccessMode>>,
    /// `x-amazon-apigateway-gateway-responses`, unchecked.
    pub gateway_responses: Vec<Setting<(GatewayResponseType, GatewayResponse)>>,
    /// `x-amazon-apigateway-request-validators`.
    pub validators: Vec<Setting<Validator>>,
}

/// A request validator.
#[derive(Clone, Debug)]
pub struct Validator {
    /// What methods call it.
    pub name: String,
    /// `validateRequestBody`.
    pub body: bool,
    /// `validateRequestParameters`.
    pub parameters: bool,
}

pub(super) fn read(reader: &mut Reader<'_>) -> Settings {
    let endpoint = endpoint(reader);
    let endpoint = |member: &str| endpoint.as_ref().and_then(|endpoint| endpoint.get(member));
    Settings {
        api_key_source: one_of(reader, "x-amazon-apigateway-api-key-source", ApiKeySourceType::ALL, ApiKeySourceType::as_str),
        binary_media_types: extension(reader, "x-amazon-apigateway-binary-media-types").and_then(|node| texts(reader, &node)),
        minimum_compression_size: compression(reader),
        policy: extension(reader, "x-amazon-apigateway-policy").map(|node| {
            let text = node.value.as_str().map_or_else(|| node.value.to_string(), str::to_owned);
            Setting { value: text, place: node.place }
        }),
        disable_execute_api_endpoint: endpoint("disableExecuteApiEndpoint").and_then(|node| flag(reader, node)),
        vpc_endpoint_ids: endpoint("vpcEndpointIds").and_then(|node| texts(reader, &node)),
        ip_address_type: endpoint("ipAddressType")
            .and_then(|node| member_of(reader, &node, "ipAddressType", IpAddressType::ALL, IpAddressType::as_str)),
        security_policy: one_of(reader, "x-amazon-apigateway-security-policy", SecurityPolicy::ALL, SecurityPolicy::as_str),
        endpoint_access_mode: one_of(
            reader,
            "x-amazon-apigateway-endpoint-access-mode",
            EndpointAccessMode::ALL,
            EndpointAccessMode::as_str,
        ),
        gateway_responses: gateway_responses(reader),
        validators: validators(reader),
    }
}

fn extension<'d>(reader: &Reader<'d>, name: &str) -> Option<Node<'d>> {
    reader.root.get(name)
}

/// `x-amazon-apigateway-endpoint-configuration`: at the root in 2.0, of the first server that has it in 3.0.
fn endpoint<'d>(reader: &Reader<'d>) -> Option<Node<'d>> {
    let name = "x-amazon-apigateway-endpoint-configuration";
    match reader.version {
        Version::Swagger2 => extension(reader, name),
        Version::OpenApi3 => reader.root.get("servers")?.items().find_map(|server| server.get(name)),
    }
}

fn one_of<T: Copy>(reader: &mut Reader<'_>, name: &str, all: &[T], text: impl Fn(T) -> &'static str) -> Option<Setting<T>> {
    let node = extension(reader, name)?;
    member_of(reader, &node, name, all, text)
}

fn member_of<T: Copy>(
    reader: &mut Reader<'_>,
    node: &Node<'_>,
    name: &str,
    all: &[T],
    text: impl Fn(T) -> &'static str,
) -> Option<Setting<T>> {
    let given = node.text().unwrap_or_default();
    let value = all.iter().copied().find(|value| text(*value).eq_ignore_ascii_case(&given));
    if value.is_none() {
        let options: Vec<&str> = all.iter().map(|value| text(*value)).collect();
        let said = format!("Invalid {name} specified: {given}. Valid options are {}", options.join(","));
        reader.findings.problem(said, &node.place);
    }
    value.map(|value| Setting { value, place: node.place.clone() })
}

fn texts(reader: &mut Reader<'_>, node: &Node<'_>) -> Option<Setting<Vec<String>>> {
    let value: Option<Vec<String>> = node.value.is_array().then(|| node.items().map(|item| item.text()).collect()).flatten();
    if value.is_none() {
        reader.findings.problem(format!("Invalid value specified: {}. Expected an array of strings", node.value), &node.place);
    }
    value.map(|value| Setting { value, place: node.place.clone() })
}

fn flag(reader: &mut Reader<'_>, node: Node<'_>) -> Option<Setting<bool>> {
    let value = node.flag();
    if value.is_none() {
        reader.findings.problem(format!("Invalid value specified: {}. Expected true or false", node.value), &node.place);
    }
    value.map(|value| Setting { value, place: node.place })
}

fn compression(reader: &mut Reader<'_>) -> Option<Setting<i32>> {
    let node = extension(reader, "x-amazon-apigateway-minimum-compression-size")?;
    let bytes = node.integer().map(|bytes| i32::try_from(bytes).unwrap_or(-1));
    if bytes.is_none() {
        reader.findings.problem(format!("Invalid minimum compression size specified: {}", node.value), &node.place);
    }
    bytes.map(|value| Setting { value, place: node.place })
}

fn gateway_responses(reader: &mut Reader<'_>) -> Vec<Setting<(GatewayResponseType, GatewayResponse)>> {
    let Some(all) = extension(reader, "x-amazon-apigateway-gateway-responses") else { return Vec::new() };
    let mut read = Vec::new();
    for (name, node) in all.members() {
        let Some(kind) = GatewayResponseType::from_wire(name) else {
            reader
                .findings
                .problem(format!("Unable to put gateway response '{name}': Invalid gateway response type"), &node.place);
            continue;
        };
        let response = GatewayResponse {
            status_code: node.text_of("statusCode"),
            response_parameters: text_map(&node, "responseParameters"),
            response_templates: text_map(&node, "responseTemplates"),
        };
        read.push(Setting { value: (kind, response), place: node.place });
    }
    read
}

fn text_map(node: &Node<'_>, member: &str) -> IndexMap<String, String> {
    let Some(map) = node.get(member) else { return IndexMap::new() };
    map.members().filter_map(|(name, value)| Some((name.clone(), value.text()?))).collect()
}

fn validators(reader: &Reader<'_>) -> Vec<Setting<Validator>> {
    let Some(all) = extension(reader, "x-amazon-apigateway-request-validators") else { return Vec::new() };
    let is_set = |node: &Node<'_>, member: &str| node.get(member).and_then(|flag| flag.flag()).unwrap_or_default();
    let read = |(name, node): (&String, Node<'_>)| Setting {
        value: Validator {
            name: name.clone(),
            body: is_set(&node, "validateRequestBody"),
            parameters: is_set(&node, "validateRequestParameters"),
        },
        place: node.place,
    };
    all.members().map(read).collect()
}
