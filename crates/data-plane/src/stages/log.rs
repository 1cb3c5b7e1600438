//! What the execution log sees between the stages. No stage of its own: nothing waits for it, and nothing depends on it.

use std::sync::Arc;

use super::admit::Admitted;
use super::integration_request::{Call, IntegrationRequest};
use super::route::Routed;
use crate::compile::parameter_names;
use crate::execution_log::token::Tokens;
use crate::execution_log::{Detail, ExecutionLog, MethodRequest};

/// Gives the request its log, when its stage or its token asks for one.
pub(crate) fn begin_log(routed: &Routed<'_>, tokens: &Tokens) {
    let (arrival, stage) = (routed.received.arrival, routed.received.stage);
    let configured = stage.logging(routed.found.method, &arrival.method);
    if configured.is_none() && arrival.log_token.is_none() {
        return;
    }
    let token = arrival.log_token.as_deref();
    let is_asked = token.is_some_and(|token| tokens.accept(token, stage.api_id(), stage.name(), arrival.epoch));
    let Some(detail) = (if is_asked { Some(Detail::Everything) } else { configured }) else { return };
    let log = arrival.log.get_or_init(|| Arc::new(ExecutionLog::live(&arrival.ids.request, detail, stage)));
    log.keep_secrets_of(&routed.received.message.headers, arrival.uri.query().unwrap_or_default());
}

/// The request as it came, before anything of it is checked.
pub(crate) async fn log_method_request(log: &ExecutionLog, admitted: &mut Admitted<'_>) {
    let routed = admitted.routed_mut();
    let (arrival, stage) = (routed.received.arrival, routed.received.stage);
    let resource = &stage.api.resource(routed.method.resource).path;
    let path = routed.received.path;
    let names = parameter_names(resource);
    let values = routed.found.parameters.iter().filter_map(|range| path.get(range.clone()));
    let message = &mut *routed.received.message;
    let request = MethodRequest {
        verb: arrival.method.as_str(),
        path: if path.is_empty() { "/" } else { path },
        path_parameters: names.iter().map(|name| &**name).zip(values).collect(),
        query: arrival.uri.query().unwrap_or_default(),
        headers: &message.headers,
    };
    log.method_request(request, &mut message.body).await;
}

/// What the backend is about to be sent; a MOCK has none.
pub(crate) async fn log_endpoint_request(log: &ExecutionLog, request: &mut IntegrationRequest<'_>) {
    match request {
        IntegrationRequest::HttpProxy { call, .. } | IntegrationRequest::Mapped { call: Call::Http(call), .. } => {
            log.endpoint_request(&mut call.request).await;
        }
        // Said where it is signed, or where a function is found: before that nobody knows what is sent.
        IntegrationRequest::Mapped { call: Call::Service(_) | Call::Lambda(_), .. }
        | IntegrationRequest::LambdaProxy(_)
        | IntegrationRequest::ServiceProxy(_)
        | IntegrationRequest::Mock { .. } => {}
    }
}
