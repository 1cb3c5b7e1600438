//! MOCK: nothing is called; the status comes from the request template, or from the request where that is passed through.

use http::StatusCode;

use super::MockAnswer;
use crate::error::GatewayError;
use crate::stages::MockCall;

pub(super) fn call(call: MockCall<'_>) -> Result<MockAnswer<'_>, GatewayError> {
    let MockCall { status, exchange, accept, context } = call;
    let status = status.and_then(|code| StatusCode::from_u16(code).ok()).ok_or(GatewayError::Configuration(
        "Unable to parse statusCode. It should be an integer that is defined in the request template.",
    ))?;
    Ok(MockAnswer { status, exchange, accept, context })
}
