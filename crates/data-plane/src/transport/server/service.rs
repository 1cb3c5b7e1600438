//! One request: checked, handled, answered.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, Version, header};
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;

use super::connection::{InFlight, State};
use super::refuse::{Connection, Refusal, check};
use super::stalled::Watched;
use super::worker::Shared;
use crate::transport::{Body, BodyError, Handler, Refused, Request, Response, SentNames, framing};

/// The two ends of a connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ends {
    pub(super) peer: SocketAddr,
    pub(super) local: SocketAddr,
}

/// An answer's body, during which its request is in flight.
pub(super) struct Outgoing {
    body: Body,
    /// In HTTP/2.
    watched: Option<Watched>,
    _in_flight: InFlight,
}

/// Answers one request, of either version of HTTP.
pub(super) async fn answer<H: Handler>(
    shared: Arc<Shared<H>>,
    state: Arc<State>,
    ends: Ends,
    request: http::Request<Incoming>,
) -> Result<http::Response<Outgoing>, Infallible> {
    let in_flight = InFlight::begin(&state);
    let is_http2 = request.version() == Version::HTTP_2;
    let (mut head, incoming) = request.into_parts();
    let is_head = head.method == Method::HEAD;
    let version = head.version;
    let (mut response, persists) = match check(&mut head, &shared.settings) {
        Ok(connection) => {
            let request = Request {
                method: head.method,
                uri: head.uri,
                version: head.version,
                headers: head.headers,
                names: if is_http2 { SentNames::default() } else { state.head().take() },
                body: Body::from_client(incoming, shared.settings.max_body_bytes, shared.settings.body_timeout),
                peer: ends.peer,
                local: ends.local,
                tls: false,
            };
            // Pinned where it is made: an awaited future is moved first, and this one is large.
            let response = pin!(shared.handler.handle(&shared.upstreams, request)).await;
            (response, version == Version::HTTP_11 && connection == Connection::Unsaid)
        }
        Err(refusal) => {
            let line = Some((&head.method, head.uri.path()));
            shared.handler.refused(&Refused { status: refusal.status(), line, peer: ends.peer });
            // It says itself that the connection closes.
            (Refusal::response(refusal, version), false)
        }
    };
    if persists && state.is_serving() {
        // HTTP/1.1 implies it; AWS says it all the same (recorded).
        response.headers.entry(header::CONNECTION).or_insert(HeaderValue::from_static("keep-alive"));
    }
    let watched = is_http2.then(|| Watched::begin(&state)).flatten();
    Ok(finish(response, is_head, watched, in_flight))
}

/// Makes the framing fields agree with the body, whatever the handler passed on.
fn finish(response: Response, is_head: bool, watched: Option<Watched>, in_flight: InFlight) -> http::Response<Outgoing> {
    let Response { status, mut headers, mut body } = response;
    if is_head {
        headers.remove(header::TRANSFER_ENCODING);
        // Such an answer tells the length of the body that a GET would get: the handler's word for it, else its body's.
        if let Some(len) = body.exact_len().filter(|len| *len > 0) {
            headers.insert(header::CONTENT_LENGTH, len.into());
        }
        body = Body::empty();
    } else {
        framing::strip(&mut headers);
        if matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) {
            body = Body::empty();
        }
    }
    let mut answer = http::Response::new(Outgoing { body, watched, _in_flight: in_flight });
    *answer.status_mut() = status;
    *answer.headers_mut() = headers;
    answer
}

impl http_body::Body for Outgoing {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.get_mut();
        let frame = Pin::new(&mut this.body).poll_frame(cx);
        if let Some(watched) = &this.watched {
            if frame.is_pending() { watched.waits_for_body() } else { watched.waits_for_client() }
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
