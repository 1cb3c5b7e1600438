//! The fields that say where a message ends.

use http::{HeaderMap, header};

/// Removes the fields that frame a message: the transport sets them by the body. One pass finds out that there are none, as
/// most often; looking each of them up costs twice as much.
pub(super) fn strip(headers: &mut HeaderMap) {
    let is_framed = headers.keys().any(|name| matches!(*name, header::CONTENT_LENGTH | header::TRANSFER_ENCODING));
    if is_framed {
        headers.remove(header::CONTENT_LENGTH);
        headers.remove(header::TRANSFER_ENCODING);
    }
}
