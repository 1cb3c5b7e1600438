//! The request template of a MOCK integration, read as leniently as AWS reads it.
//!
//! Unquoted keys and trailing commas are recorded (`{statusCode: 200}`); single quotes are reported from the field. Only the
//! top-level `statusCode` counts; everything else must merely be balanced.

/// Levels of nesting that are followed; a mock needs one.
const NESTING_MAX: usize = 64;

/// The integer `statusCode` of a MOCK's rendered request template, when there is one that HTTP can carry.
pub(crate) fn status_code(text: &str) -> Option<u16> {
    let mut reader = Reader { rest: text.trim() };
    let status = reader.object()?;
    reader.rest.trim_start().is_empty().then_some(status).flatten()
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    /// Reads the outermost object; the inner option is its `statusCode`. The last of several wins, as in any JSON map.
    fn object(&mut self) -> Option<Option<u16>> {
        self.take('{')?;
        let mut status = None;
        loop {
            if self.take('}').is_some() {
                return Some(status);
            }
            let key = self.word()?;
            self.take(':')?;
            let value = self.value()?;
            if key == "statusCode" {
                status = value.parse().ok().filter(|code| (100..=599).contains(code));
            }
            if self.take(',').is_none() {
                self.take('}')?;
                return Some(status);
            }
        }
    }

    /// A key or scalar: quoted either way, or bare up to punctuation or white space.
    fn word(&mut self) -> Option<&'a str> {
        self.rest = self.rest.trim_start();
        match self.rest.chars().next()? {
            quote @ ('"' | '\'') => {
                let end = quoted_len(self.rest, quote)?;
                let word = &self.rest[1..end - 1];
                self.rest = &self.rest[end..];
                Some(word)
            }
            _ => {
                let end = self.rest.find(|c: char| c.is_whitespace() || "{}[]:,\"'".contains(c)).unwrap_or(self.rest.len());
                let (word, rest) = self.rest.split_at(end);
                self.rest = rest;
                (!word.is_empty()).then_some(word)
            }
        }
    }

    /// A value's own text. Quoted text keeps its quotes, so that `"200"` is not taken for the integer that AWS asks for.
    fn value(&mut self) -> Option<&'a str> {
        self.rest = self.rest.trim_start();
        match self.rest.chars().next()? {
            '{' | '[' => self.nested(),
            quote @ ('"' | '\'') => {
                let (value, rest) = self.rest.split_at(quoted_len(self.rest, quote)?);
                self.rest = rest;
                Some(value)
            }
            _ => self.word(),
        }
    }

    /// Skips a nested object or list by its brackets.
    fn nested(&mut self) -> Option<&'a str> {
        let mut open = Vec::new();
        let mut at = 0;
        while at < self.rest.len() {
            let here = &self.rest[at..];
            let next = here.chars().next()?;
            at += match next {
                '"' | '\'' => quoted_len(here, next)?,
                other => other.len_utf8(),
            };
            match next {
                '{' | '[' if open.len() == NESTING_MAX => return None,
                '{' => open.push('}'),
                '[' => open.push(']'),
                '}' | ']' if open.pop() != Some(next) => return None,
                _ => {}
            }
            if open.is_empty() {
                let (value, rest) = self.rest.split_at(at);
                self.rest = rest;
                return Some(value);
            }
        }
        None
    }

    fn take(&mut self, expected: char) -> Option<()> {
        self.rest = self.rest.trim_start().strip_prefix(expected)?;
        Some(())
    }
}

/// Bytes of the quoted text that `text` begins with, both quotes included; a backslash hides the character behind it.
fn quoted_len(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return Some(at + 1),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::status_code;

    #[test]
    fn table() {
        let table = [
            (r#"{"statusCode": 200}"#, Some(200)),
            ("{statusCode: 200}", Some(200)),
            ("{statusCode:200}", Some(200)),
            ("{'statusCode': 404}", Some(404)),
            (r#"{"statusCode": 200,}"#, Some(200)),
            (" \n{\n \"statusCode\" : 500 \n}\n", Some(500)),
            (r#"{"a": {"statusCode": 1}, "b": [1, "}"], "statusCode": 201}"#, Some(201)),
            (r#"{"a": "x\"y", statusCode: 202, c: 'it'}"#, Some(202)),
            (r#"{"statusCode": 200, "statusCode": 201}"#, Some(201)),
            (r#"{"statusCode": "200"}"#, None),
            (r#"{"statusCode": 20.5}"#, None),
            (r#"{"statusCode": 99}"#, None),
            (r#"{"statusCode": 700}"#, None),
            (r#"{"statuscode": 200}"#, None),
            (r#"{"statusCode": 200"#, None),
            (r#"{"statusCode": 200} x"#, None),
            (r#"{"a": {"statusCode": 200}}"#, None),
            (r#"{"a": [}, "statusCode": 200}"#, None),
            ("{}", None),
            ("", None),
            ("200", None),
            ("{,}", None),
            ("{:}", None),
            ("{'", None),
        ];
        for (text, expected) in table {
            assert_eq!(status_code(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in r#"[{}\[\]:,"'\\ a-c0-9é]{0,40}"#) {
            let _ = status_code(&text);
        }

        #[test]
        fn any_text_never_panics(text in "\\PC*") {
            let _ = status_code(&text);
            let _ = status_code(&format!("{{{text}"));
        }

        #[test]
        fn finds_the_code_among_others(code in 100_u16..600, other in "[a-z]{1,8}") {
            prop_assert_eq!(status_code(&format!("{{{other}: [1, {{}}], statusCode: {code},}}")), Some(code));
        }
    }
}
