//! Content: what a body is taken for (text or bytes), and what it is converted to on its way through a non-proxy integration.
//!
//! AWS compares media types with the API's `binaryMediaTypes` and reads the two `contentHandling` fields; its tables are in "Content
//! type conversions in API Gateway". [`Conversion`] is one row of them. `coding` and `decode` are about compression, `text` about UTF-8.

mod coding;
mod decode;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod media_types;
mod text;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;
use postern_api_model::apigateway::ContentHandlingStrategy;

pub(crate) use coding::{Compression, compress, is_coded, request_coding};
pub(crate) use decode::{Undecodable, decode};
pub(crate) use media_types::{BinaryMediaTypes, Kind};
pub(crate) use text::{TextBody, to_text};

/// Padding may be missing: not every encoder writes it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// `contentHandling` of an integration or an integration response.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Handling {
    #[default]
    Unset,
    ToText,
    ToBinary,
}

impl From<Option<ContentHandlingStrategy>> for Handling {
    fn from(stored: Option<ContentHandlingStrategy>) -> Self {
        match stored {
            None => Self::Unset,
            Some(ContentHandlingStrategy::ConvertToText) => Self::ToText,
            Some(ContentHandlingStrategy::ConvertToBinary) => Self::ToBinary,
        }
    }
}

/// What is done to a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Conversion {
    /// Read as UTF-8; each invalid sequence becomes U+FFFD (recorded for type AWS).
    Text,
    /// Passed as it is.
    Bytes,
    /// Bytes become base64 text.
    ToBase64,
    /// Base64 text becomes bytes.
    FromBase64,
}

/// Text that should have been base64 is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotBase64;

impl Conversion {
    /// Of a request's body.
    pub(crate) fn of_request(body: Kind, handling: Handling) -> Self {
        match (body, handling) {
            (Kind::Text, Handling::Unset | Handling::ToText) => Self::Text,
            (Kind::Text, Handling::ToBinary) => Self::FromBase64,
            (Kind::Binary, Handling::Unset | Handling::ToBinary) => Self::Bytes,
            (Kind::Binary, Handling::ToText) => Self::ToBase64,
        }
    }

    /// Of an integration's body; `accepted` is what the client's first accepted media type is.
    pub(crate) fn of_response(body: Kind, accepted: Kind, handling: Handling) -> Self {
        let wanted = match (handling, accepted) {
            (Handling::ToText, _) | (Handling::Unset, Kind::Text) => Kind::Text,
            (Handling::ToBinary, _) | (Handling::Unset, Kind::Binary) => Kind::Binary,
        };
        match (body, wanted) {
            (Kind::Text, Kind::Text) => Self::Text,
            (Kind::Text, Kind::Binary) => Self::FromBase64,
            (Kind::Binary, Kind::Text) => Self::ToBase64,
            (Kind::Binary, Kind::Binary) => Self::Bytes,
        }
    }

    /// What comes out, which is all that a template can read when it is text.
    pub(crate) fn result(self) -> Kind {
        match self {
            Self::Text | Self::ToBase64 => Kind::Text,
            Self::Bytes | Self::FromBase64 => Kind::Binary,
        }
    }

    /// Converts a whole body.
    pub(crate) fn apply(self, body: Bytes) -> Result<Bytes, NotBase64> {
        match self {
            Self::Text => Ok(to_text(body)),
            Self::Bytes => Ok(body),
            Self::ToBase64 => Ok(Bytes::from(BASE64.encode(&body))),
            Self::FromBase64 => from_base64(&body),
        }
    }
}

/// Quotes around it are not part of it, because a function's string comes as JSON; nor is white space, such as a template's line ends.
fn from_base64(text: &[u8]) -> Result<Bytes, NotBase64> {
    let text = text.trim_ascii();
    let text = text.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\"")).unwrap_or(text);
    let decoded = if text.iter().any(u8::is_ascii_whitespace) {
        let dense: Vec<u8> = text.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
        BASE64.decode(dense)
    } else {
        BASE64.decode(text)
    };
    decoded.map(Bytes::from).map_err(|_| NotBase64)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const TEXT: Kind = Kind::Text;
    const BINARY: Kind = Kind::Binary;

    #[test]
    fn the_request_table() {
        let table = [
            (TEXT, Handling::Unset, Conversion::Text),
            (TEXT, Handling::ToText, Conversion::Text),
            (TEXT, Handling::ToBinary, Conversion::FromBase64),
            (BINARY, Handling::Unset, Conversion::Bytes),
            (BINARY, Handling::ToBinary, Conversion::Bytes),
            (BINARY, Handling::ToText, Conversion::ToBase64),
        ];
        for (body, handling, expected) in table {
            assert_eq!(Conversion::of_request(body, handling), expected, "{body:?} {handling:?}");
        }
    }

    #[test]
    fn the_response_table() {
        use Conversion::{Bytes, FromBase64, Text, ToBase64};
        let table = [
            (TEXT, TEXT, [Text, FromBase64, Text]),
            (TEXT, BINARY, [FromBase64, FromBase64, Text]),
            (BINARY, TEXT, [ToBase64, Bytes, ToBase64]),
            (BINARY, BINARY, [Bytes, Bytes, ToBase64]),
        ];
        for (body, accepted, expected) in table {
            let found = [Handling::Unset, Handling::ToBinary, Handling::ToText]
                .map(|handling| Conversion::of_response(body, accepted, handling));
            assert_eq!(found, expected, "{body:?} {accepted:?}");
        }
    }

    #[test]
    fn base64_as_it_is_found() {
        let decode = |text: &'static str| Conversion::FromBase64.apply(Bytes::from_static(text.as_bytes()));
        for text in ["aGk=", "aGk", "\"aGk=\"", " aG\r\nk=\n"] {
            assert_eq!(decode(text).unwrap(), "hi", "{text}");
        }
        assert_eq!(decode("").unwrap(), "");
        for text in ["{\"a\": 1}", "a", "aGk=x", "\"aGk=", "é"] {
            assert_eq!(decode(text), Err(NotBase64), "{text}");
        }
        assert_eq!(Conversion::ToBase64.apply(Bytes::from_static(b"\xff\x00")).unwrap(), "/wA=");
        assert_eq!(Conversion::Bytes.apply(Bytes::from_static(b"\xff\x00")).unwrap(), &b"\xff\x00"[..]);
    }
}
