//! STS, as far as clients ask who they are: Terraform's provider and the CLI call GetCallerIdentity before anything else.
//!
//! The query protocol: `Action` and `Version` in a form body or in the query string, XML back (AWS docs, "Making query requests"). It shares
//! the management address, and is told apart by the service that a call is signed for.

use std::borrow::Cow;
use std::fmt::Write as _;

use bytes::Bytes;
use http::{Method, Request};
use percent_encoding::percent_decode_str;
use postern_api_model::error::ApiError;
use postern_api_model::wire::WireResponse;

use crate::authorization::Authenticated;

/// The only path of the query protocol.
pub(crate) const PATH: &str = "/";
/// The service in a signature.
pub(crate) const SERVICE: &str = "sts";

const VERSION: &str = "2011-06-15";
const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";
const GET_CALLER_IDENTITY: &str = "GetCallerIdentity";
/// What AWS says in place of a version that was left out.
const NO_VERSION: &str = "NO_VERSION_SPECIFIED";
/// Characters of a parameter that an error repeats.
const REPEATED_CHARS_MAX: usize = 128;

/// Answers a call whose signature was good.
pub(crate) fn answer(request: &Request<Bytes>, caller: &Authenticated, request_id: &str) -> WireResponse {
    match called(request) {
        Ok(()) => identity(caller, request_id),
        Err(error) => refusal(&error, request_id),
    }
}

/// Whether GetCallerIdentity is called; the refusal of anything else names it.
fn called(request: &Request<Bytes>) -> Result<(), ApiError> {
    let form = match *request.method() {
        Method::POST => String::from_utf8_lossy(request.body()),
        _ => Cow::Borrowed(request.uri().query().unwrap_or_default()),
    };
    let refused = |code, message| Err(ApiError { code, status: 400, message });
    let Some(action) = parameter(&form, "Action") else {
        return refused("MissingAction", "The request must contain the parameter Action".to_owned());
    };
    let version = parameter(&form, "Version").unwrap_or_else(|| NO_VERSION.to_owned());
    if action == GET_CALLER_IDENTITY && version == VERSION {
        return Ok(());
    }
    refused("InvalidAction", format!("Could not find operation {action} for version {version}"))
}

/// The first value of a form's parameter, as much of it as an answer may repeat.
fn parameter(form: &str, name: &str) -> Option<String> {
    let value = form.split('&').find_map(|pair| pair.split_once('=').filter(|(key, _)| *key == name))?.1.replace('+', " ");
    let value = percent_decode_str(&value).decode_utf8_lossy().chars().take(REPEATED_CHARS_MAX).collect::<String>();
    Some(value).filter(|value| !value.is_empty())
}

/// A key without a policy has every right in its account, as the account's root has, so that is who it is.
fn identity(caller: &Authenticated, request_id: &str) -> WireResponse {
    let (identity, partition) = (caller.identity(), caller.scope().partition());
    let (arn, user_id, account) = (identity.arn(partition), identity.user_id(), &identity.account);
    let xml = format!(
        "<GetCallerIdentityResponse xmlns=\"{NAMESPACE}\">\n  <GetCallerIdentityResult>\n    \
         <Arn>{arn}</Arn>\n    <UserId>{user_id}</UserId>\n    <Account>{account}</Account>\n  \
         </GetCallerIdentityResult>\n  <ResponseMetadata>\n    <RequestId>{request_id}</RequestId>\n  </ResponseMetadata>\n\
         </GetCallerIdentityResponse>\n"
    );
    with_xml(200, xml)
}

/// A refusal as clients of the query protocol read it. What the front door says in the codes of API Gateway is put into those of STS.
pub(crate) fn refusal(error: &ApiError, request_id: &str) -> WireResponse {
    let code = match error.code {
        "MissingAuthenticationTokenException" => "MissingAuthenticationToken",
        "UnrecognizedClientException" => "InvalidClientTokenId",
        "InvalidSignatureException" => "SignatureDoesNotMatch",
        "IncompleteSignatureException" => "IncompleteSignature",
        other => other,
    };
    let kind = if error.status < 500 { "Sender" } else { "Receiver" };
    let xml = format!(
        "<ErrorResponse xmlns=\"{NAMESPACE}\">\n  <Error>\n    <Type>{kind}</Type>\n    <Code>{code}</Code>\n    \
         <Message>{}</Message>\n  </Error>\n  <RequestId>{request_id}</RequestId>\n</ErrorResponse>\n",
        escaped(&error.message)
    );
    with_xml(error.status, xml)
}

fn with_xml(status: u16, xml: String) -> WireResponse {
    WireResponse { body: Bytes::from(xml), content_type: Cow::Borrowed("text/xml"), ..WireResponse::empty(status) }
}

/// XML has no place for control characters, not even escaped ones.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars().filter(|character| !character.is_control()) {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\u{fffe}' | '\u{ffff}' => {}
            other => {
                let _ = out.write_char(other);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use postern_api_model::scope::{Caller, Scope};

    use super::*;

    fn request(method: &str, uri: &str, body: &'static str) -> Request<Bytes> {
        Request::builder().method(method).uri(uri).body(Bytes::from_static(body.as_bytes())).unwrap()
    }

    fn caller(region: &str) -> Authenticated {
        let scope = Scope { account: "111111111111".into(), region: region.into() };
        Authenticated::of_anyone(Caller { scope, access_key_id: "AKIA".into() })
    }

    fn text(answer: WireResponse) -> (u16, String) {
        assert_eq!(answer.content_type, "text/xml");
        (answer.status, String::from_utf8(answer.body.to_vec()).unwrap())
    }

    #[test]
    fn who_asks_is_answered_in_both_forms() {
        let form = "Action=GetCallerIdentity&Version=2011-06-15";
        for request in [request("POST", "/", form), request("GET", "/?Version=2011-06-15&Action=GetCallerIdentity", "")] {
            let (status, xml) = text(answer(&request, &caller("us-east-1"), "id"));
            assert_eq!(status, 200);
            for part in [
                "<Arn>arn:aws:iam::111111111111:root</Arn>",
                "<UserId>111111111111</UserId>",
                "<Account>111111111111</Account>",
                "<RequestId>id</RequestId>",
            ] {
                assert!(xml.contains(part), "{xml}");
            }
        }
        let (_, xml) = text(answer(&request("POST", "/", form), &caller("cn-north-1"), "id"));
        assert!(xml.contains("arn:aws-cn:iam::"), "{xml}");
    }

    #[test]
    fn other_actions_are_refused_by_name() {
        for (form, code, message) in [
            (
                "Action=AssumeRole&Version=2011-06-15",
                "InvalidAction",
                "Could not find operation AssumeRole for version 2011-06-15",
            ),
            ("Action=GetCallerIdentity", "InvalidAction", "operation GetCallerIdentity for version NO_VERSION_SPECIFIED"),
            ("Action=GetCallerIdentity&Version=1", "InvalidAction", "operation GetCallerIdentity for version 1"),
            ("Action=%3Cb%3E%26%00&Version=1", "InvalidAction", "Could not find operation &lt;b&gt;&amp; for version 1"),
            ("", "MissingAction", "must contain the parameter Action"),
        ] {
            let (status, xml) = text(answer(&request("POST", "/", form), &caller("us-east-1"), "id"));
            assert_eq!(status, 400);
            assert!(xml.contains(&format!("<Code>{code}</Code>")) && xml.contains(message), "{xml}");
        }
    }

    #[test]
    fn the_front_door_speaks_in_codes_of_sts() {
        for (code, shown) in [
            ("MissingAuthenticationTokenException", "MissingAuthenticationToken"),
            ("UnrecognizedClientException", "InvalidClientTokenId"),
            ("InvalidSignatureException", "SignatureDoesNotMatch"),
            ("IncompleteSignatureException", "IncompleteSignature"),
        ] {
            let (status, xml) = text(refusal(&ApiError::forbidden(code, "no"), "id"));
            assert!(status == 403 && xml.contains(&format!("<Code>{shown}</Code>")), "{xml}");
        }
    }
}
