//! `$util`: the six functions that AWS documents under "$util variables". All take one string; for anything else there is no such
//! method, and the reference leads nowhere.

use std::fmt::Write as _;
use std::sync::Arc;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use postern_jsonpath::Found;
use postern_velocity::{Heap, ObjectError, TemplateObject, Value};

use super::document::Json;
use super::objects::Session;

/// Padding is written, and need not be there to be read.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// `$util`.
#[derive(Debug)]
pub(super) struct Util(Arc<Session>);

impl Util {
    pub(super) fn value(session: &Arc<Session>) -> Value {
        Value::Object(Arc::new(Self(Arc::clone(session))))
    }

    fn parse_json(&self, text: &str, heap: &mut Heap) -> Result<Value, ObjectError> {
        self.0.charge_parsing(text.len(), heap)?;
        let json = Json::parse_strictly(text).map_err(|reason| ObjectError(format!("its argument cannot be read: {reason}")))?;
        json.live(&Found::One(std::borrow::Cow::Borrowed(json.root())), heap)
    }
}

impl TemplateObject for Util {
    fn property(&self, _: &str, _: &mut Heap) -> Result<Option<Value>, ObjectError> {
        Ok(None)
    }

    fn call(&self, method: &str, arguments: &[Value], heap: &mut Heap) -> Result<Option<Value>, ObjectError> {
        let [Value::Text(text)] = arguments else { return Ok(None) };
        let made = match method {
            "escapeJavaScript" => escape_java_script(text),
            "urlEncode" => url_encode(text),
            "urlDecode" => url_decode(text)?,
            "base64Encode" => BASE64.encode(&**text),
            "base64Decode" => base64_decode(text)?,
            "parseJson" => return self.parse_json(text, heap).map(Some),
            _ => return Ok(None),
        };
        heap.charge_bytes(text.len() + made.len());
        Ok(Some(Value::text(made)))
    }

    fn print(&self, _: &mut Heap) -> Result<String, ObjectError> {
        Ok(String::new())
    }
}

/// `StringEscapeUtils.escapeJavaScript` of Apache Commons Lang 2: slashes and single quotes too, which JSON does not know.
fn escape_java_script(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\'' | '"' | '\\' | '/' => out.extend(['\\', c]),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            ' '..='\u{7f}' => out.push(c),
            _ => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    // Writing to a String cannot fail.
                    let _ = write!(out, "\\u{unit:04X}");
                }
            }
        }
    }
    out
}

/// `URLEncoder.encode` of Java, as UTF-8.
fn url_encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'*' | b'_' => out.push(char::from(byte)),
            b' ' => out.push('+'),
            _ => drop(write!(out, "%{byte:02X}")),
        }
    }
    out
}

/// `URLDecoder.decode` of Java: a `%` without two digits is an exception, bytes that are no UTF-8 become U+FFFD.
fn url_decode(text: &str) -> Result<String, ObjectError> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || bytes.next().and_then(|digit| char::from(digit).to_digit(16));
                let (Some(high), Some(low)) = (digit(), digit()) else {
                    return Err(ObjectError("a % in its argument is not followed by two hexadecimal digits".to_owned()));
                };
                (high * 16 + low) as u8
            }
            other => other,
        });
    }
    Ok(String::from_utf8_lossy(&out).into_owned())
}

fn base64_decode(text: &str) -> Result<String, ObjectError> {
    let dense: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let bytes = BASE64.decode(dense).map_err(|_| ObjectError("its argument is no base64".to_owned()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn texts() {
        assert_eq!(escape_java_script("a'b\"c\\d/e\n\r\t\u{8}\u{c}\u{1}"), "a\\'b\\\"c\\\\d\\/e\\n\\r\\t\\b\\f\\u0001");
        assert_eq!(escape_java_script("é€😀\u{7f}"), "\\u00E9\\u20AC\\uD83D\\uDE00\u{7f}");
        assert_eq!(url_encode("x=a+b c/é*-._~"), "x%3Da%2Bb+c%2F%C3%A9*-._%7E");
        assert_eq!(url_decode("x%3Da%2Bb+c%c3%a9é%ff").unwrap(), "x=a+b céé\u{fffd}");
        assert_eq!(base64_decode("aGk").unwrap() + &base64_decode("a\nGk=").unwrap(), "hihi");
    }

    #[test]
    fn what_java_refuses_is_refused() {
        for text in ["%", "%4", "%zz", "a%-1"] {
            assert!(url_decode(text).is_err(), "{text}");
        }
        for text in ["a", "aGk=x", "é", "a_-b="] {
            assert!(base64_decode(text).is_err(), "{text}");
        }
    }
}
