//! The fields of a response in what a function returns: `headers` and `multiValueHeaders` of a proxy result.
//!
//! Only the start of a result may be at hand, which is no JSON as a whole. So its strings and signs are looked at one by one.

use http::HeaderName;

/// Members of a result that hold fields (AWS docs, "Output format of a Lambda function for proxy integration").
const MEMBERS: [&str; 2] = ["headers", "multiValueHeaders"];

/// Names of fields and their values, each as it is written and, where it is whole, as it is meant.
pub(super) fn of(result: &str) -> Vec<(HeaderName, String)> {
    let mut fields = Vec::new();
    let mut place = Place::default();
    for token in Tokens(result) {
        match token {
            Token::Text(raw) => {
                place.text = Some(raw);
                if let Some(name) = &place.field {
                    fields.push((name.clone(), raw.to_owned()));
                    fields.extend(unescaped(raw).filter(|value| value != raw).map(|value| (name.clone(), value)));
                }
            }
            Token::Sign(sign) => place.past(sign),
        }
    }
    fields
}

/// Where in a result the next token is.
#[derive(Default)]
struct Place<'a> {
    depth: usize,
    /// That of the fields, where the place is within them.
    fields_depth: Option<usize>,
    /// Whether an object that begins here holds fields.
    is_before_fields: bool,
    /// The last text.
    text: Option<&'a str>,
    /// Whose value comes.
    field: Option<HeaderName>,
}

impl Place<'_> {
    fn past(&mut self, sign: u8) {
        let is_before_fields = std::mem::take(&mut self.is_before_fields);
        let is_among_fields = self.fields_depth == Some(self.depth);
        match sign {
            b':' if is_among_fields => {
                let name = self.text.and_then(unescaped);
                self.field = name.and_then(|name| HeaderName::from_bytes(name.as_bytes()).ok());
            }
            b':' if self.fields_depth.is_none() => {
                self.is_before_fields = self.text.is_some_and(|text| MEMBERS.contains(&text));
            }
            b',' if is_among_fields => self.field = None,
            b'{' | b'[' => {
                self.depth += 1;
                if is_before_fields && sign == b'{' {
                    self.fields_depth = Some(self.depth);
                }
            }
            b'}' | b']' => {
                if is_among_fields {
                    (self.fields_depth, self.field) = (None, None);
                }
                self.depth = self.depth.saturating_sub(1);
            }
            _ => {}
        }
    }
}

/// A text without its quotes, as it is written, or a sign. Other values are passed over.
enum Token<'a> {
    Text(&'a str),
    Sign(u8),
}

struct Tokens<'a>(&'a str);

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let at = self.0.find(['"', '{', '}', '[', ']', ':', ','])?;
        let (sign, rest) = (self.0.as_bytes()[at], &self.0[at + 1..]);
        if sign != b'"' {
            self.0 = rest;
            return Some(Token::Sign(sign));
        }
        let mut is_escaped = false;
        let end = rest.bytes().position(|byte| {
            let ends = byte == b'"' && !is_escaped;
            is_escaped = byte == b'\\' && !is_escaped;
            ends
        });
        // Without an end it is cut.
        let (text, rest) = end.map_or((rest, ""), |end| (&rest[..end], &rest[end + 1..]));
        self.0 = rest;
        Some(Token::Text(text))
    }
}

fn unescaped(raw: &str) -> Option<String> {
    serde_json::from_str(&format!("\"{raw}\"")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(result: &str, field: &str) -> Vec<String> {
        of(result).into_iter().filter(|(name, _)| name == field).map(|(_, value)| value).collect()
    }

    #[test]
    fn fields_of_results() {
        let result = r#"{"body": "{\"headers\":{\"a\":\"no\"}}", "headers": {"A": "one", "n": 1, "b": "\"two\""}, "c": {"a": "no"},
                         "multiValueHeaders": {"a": ["three", "four"], "d": []}, "a": "no"}"#;
        assert_eq!(values(result, "a"), ["one", "three", "four"]);
        assert_eq!(values(result, "b"), ["\\\"two\\\"", "\"two\""]);
        assert_eq!(values(r#"{"headers": {"a": "cut he"#, "a"), ["cut he"]);
        assert!(of(r#"{"headers": null, "a": {"b": "c"}} }}]]"#).is_empty());
    }
}
