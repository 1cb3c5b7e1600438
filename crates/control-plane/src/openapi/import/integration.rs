//! `x-amazon-apigateway-integration`. What its members say is checked when the integration is put; here only their JSON is.

use indexmap::IndexMap;
use postern_api_model::apigateway::{
    ConnectionType, ContentHandlingStrategy, IntegrationType, PutIntegrationInput, PutIntegrationResponseInput,
    ResponseTransferMode, TlsConfig,
};

use super::Findings;
use crate::openapi::node::Node;

/// The key of the response without a selection pattern.
const DEFAULT: &str = "default";

/// Collects what is wrong with one integration.
struct Refusals<'f> {
    findings: &'f mut Findings,
    /// `Unable to put integration on 'GET' for resource at path '/pets'`.
    prefix: String,
}

impl Refusals<'_> {
    fn add(&mut self, text: &str, node: &Node<'_>) {
        self.findings.problem(format!("{}: {text}", self.prefix), &node.place);
    }

    /// A member that is one of a closed set, in any case.
    fn one_of<T: Copy>(&mut self, node: &Node<'_>, member: &str, all: &[T], name: impl Fn(T) -> &'static str) -> Option<T> {
        let member_node = node.get(member)?;
        let text = member_node.text().unwrap_or_default();
        let found = all.iter().copied().find(|value| name(*value).eq_ignore_ascii_case(text.trim()));
        if found.is_none() {
            let options: Vec<&str> = all.iter().map(|value| name(*value)).collect();
            self.add(&format!("Invalid {member} specified: {text}. Valid options are {}", options.join(",")), &member_node);
        }
        found
    }

    /// A member that maps names to texts.
    fn map(&mut self, node: &Node<'_>, member: &str) -> Option<IndexMap<String, String>> {
        let member_node = node.get(member)?;
        if !member_node.value.is_object() {
            self.add(&format!("Invalid {member} specified: expected an object"), &member_node);
            return None;
        }
        let mut map = IndexMap::new();
        for (name, value) in member_node.members() {
            match value.text() {
                Some(text) => {
                    if !self.findings.afford(name.len() + text.len(), &value.place) {
                        break;
                    }
                    map.insert(name.clone(), text);
                }
                None => self.add(&format!("Invalid {member} specified: the value of '{name}' is not a string"), &value),
            }
        }
        Some(map)
    }

    /// A member that is a text.
    fn text(&mut self, node: &Node<'_>, member: &str) -> Option<String> {
        let member_node = node.get(member)?;
        let text = member_node.text();
        if text.is_none() {
            self.add(&format!("Invalid {member} specified: expected a string"), &member_node);
        }
        text
    }
}

/// The integration and its responses.
pub(super) fn read(
    node: &Node<'_>,
    verb: &str,
    path: &str,
    findings: &mut Findings,
) -> (Option<PutIntegrationInput>, Vec<PutIntegrationResponseInput>) {
    let prefix = format!("Unable to put integration on '{verb}' for resource at path '{path}'");
    let mut refusals = Refusals { findings, prefix };
    let integration = request(node, &mut refusals);
    let prefix = format!("Unable to put integration response on '{verb}' for resource at path '{path}'");
    let mut refusals = Refusals { findings, prefix };
    let responses = node.get("responses");
    let responses = responses.iter().flat_map(|responses| responses.members().collect::<Vec<_>>());
    let responses: Vec<_> = responses.filter_map(|(pattern, node)| response(pattern, &node, &mut refusals)).collect();
    for (at, response) in responses.iter().enumerate() {
        if responses[..at].iter().any(|other| other.status_code == response.status_code) {
            let text =
                format!("Response status code {} is mapped more than once; the last mapping is used.", response.status_code);
            refusals.findings.warn(format!("{}: {text}", refusals.prefix), &node.place);
        }
    }
    (integration, responses)
}

fn request(node: &Node<'_>, refusals: &mut Refusals<'_>) -> Option<PutIntegrationInput> {
    let kind = match node.get("type") {
        Some(_) => refusals.one_of(node, "type", IntegrationType::ALL, IntegrationType::as_str),
        None => {
            refusals.add("Enumeration value for IntegrationType must be non-empty", node);
            None
        }
    };
    let timeout = node.get("timeoutInMillis").and_then(|timeout| {
        let millis = timeout.integer().and_then(|millis| i32::try_from(millis).ok());
        if millis.is_none() {
            refusals.add("Invalid timeoutInMillis specified: expected a number", &timeout);
        }
        millis
    });
    let cache_keys = node.get("cacheKeyParameters");
    let tls = node.get("tlsConfig");
    Some(PutIntegrationInput {
        cache_key_parameters: cache_keys.map(|keys| keys.items().filter_map(|key| key.text()).collect()),
        cache_namespace: refusals.text(node, "cacheNamespace"),
        connection_id: refusals.text(node, "connectionId"),
        connection_type: refusals.one_of(node, "connectionType", ConnectionType::ALL, ConnectionType::as_str),
        content_handling: refusals.one_of(node, "contentHandling", ContentHandlingStrategy::ALL, ContentHandlingStrategy::as_str),
        credentials: refusals.text(node, "credentials"),
        http_method: String::new(),
        integration_http_method: refusals.text(node, "httpMethod").map(|verb| verb.to_ascii_uppercase()),
        integration_target: refusals.text(node, "integrationTarget"),
        passthrough_behavior: refusals.text(node, "passthroughBehavior"),
        request_parameters: refusals.map(node, "requestParameters"),
        request_templates: refusals.map(node, "requestTemplates"),
        resource_id: String::new(),
        response_transfer_mode: refusals.one_of(
            node,
            "responseTransferMode",
            ResponseTransferMode::ALL,
            ResponseTransferMode::as_str,
        ),
        rest_api_id: String::new(),
        timeout_in_millis: timeout,
        tls_config: tls.map(|tls| TlsConfig {
            insecure_skip_verification: tls.get("insecureSkipVerification").and_then(|skip| skip.flag()),
        }),
        uri: refusals.text(node, "uri"),
        r#type: kind?,
    })
}

fn response(pattern: &str, node: &Node<'_>, refusals: &mut Refusals<'_>) -> Option<PutIntegrationResponseInput> {
    let Some(status_code) = node.text_of("statusCode") else {
        refusals.add("Invalid status code specified", node);
        return None;
    };
    let is_status = status_code.len() == 3
        && status_code.starts_with(['1', '2', '3', '4', '5'])
        && status_code.bytes().all(|byte| byte.is_ascii_digit());
    if !is_status {
        refusals.add(&format!("Invalid status code specified: {status_code}"), node);
        return None;
    }
    Some(PutIntegrationResponseInput {
        content_handling: refusals.one_of(node, "contentHandling", ContentHandlingStrategy::ALL, ContentHandlingStrategy::as_str),
        http_method: String::new(),
        resource_id: String::new(),
        response_parameters: refusals.map(node, "responseParameters"),
        response_templates: refusals.map(node, "responseTemplates"),
        rest_api_id: String::new(),
        selection_pattern: (pattern != DEFAULT && !pattern.is_empty()).then(|| pattern.to_owned()),
        status_code,
    })
}
