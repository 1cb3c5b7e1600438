//! How field names are spelled for people. The wire's are in lower case; AWS shows them as whoever set them wrote them.

use std::borrow::Cow;
use std::collections::HashMap;

use http::HeaderName;

/// Names that are not simply capitalised, as AWS spells them.
const EXCEPTIONS: [(&str, &str); 13] = [
    ("content-md5", "Content-MD5"),
    ("dnt", "DNT"),
    ("etag", "ETag"),
    ("te", "TE"),
    ("www-authenticate", "WWW-Authenticate"),
    ("x-amz-apigw-id", "x-amz-apigw-id"),
    ("x-amzn-apigateway-api-id", "x-amzn-apigateway-api-id"),
    ("x-amzn-errortype", "x-amzn-ErrorType"),
    ("x-amzn-remapped-content-md5", "x-amzn-Remapped-Content-MD5"),
    ("x-amzn-remapped-www-authenticate", "x-amzn-Remapped-WWW-Authenticate"),
    ("x-amzn-lambda-integration-tag", "x-amzn-lambda-integration-tag"),
    ("x-amzn-requestid", "x-amzn-RequestId"),
    ("x-api-key", "x-api-key"),
];
/// How the names of remapped fields begin, and how AWS spells that.
const REMAPPED: (&str, &str) = ("x-amzn-remapped-", "x-amzn-Remapped-");

/// Spellings that are known better: by lower-case name.
#[derive(Debug, Default)]
pub(crate) struct Spellings(HashMap<Box<str>, Box<str>>);

impl Spellings {
    /// A name as somebody wrote it; the first who did counts.
    pub(crate) fn add(&mut self, written: &str) {
        self.0.entry(written.to_ascii_lowercase().into()).or_insert_with(|| written.into());
    }

    /// The name as somebody wrote it, if that is known.
    pub(crate) fn written(&self, name: &HeaderName) -> Option<&str> {
        self.0.get(name.as_str()).map(|known| &**known)
    }

    /// The name for people.
    pub(crate) fn of<'a>(&'a self, name: &'a HeaderName) -> Cow<'a, str> {
        if let Some(known) = self.written(name) {
            return known.into();
        }
        let name = name.as_str();
        if let Some((_, known)) = EXCEPTIONS.iter().find(|(lower, _)| *lower == name) {
            return (*known).into();
        }
        match name.strip_prefix(REMAPPED.0) {
            Some(rest) => format!("{}{}", REMAPPED.1, capitalised(rest)).into(),
            None => capitalised(name).into(),
        }
    }
}

fn capitalised(name: &str) -> String {
    let mut starts = true;
    let spelled = name.chars().map(|letter| {
        let spelled = if starts { letter.to_ascii_uppercase() } else { letter };
        starts = letter == '-';
        spelled
    });
    spelled.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let mut spellings = Spellings::default();
        spellings.add("puppies");
        spellings.add("X-MINE");
        for (name, expected) in [
            ("content-type", "Content-Type"),
            ("x-amzn-trace-id", "X-Amzn-Trace-Id"),
            ("x-amzn-requestid", "x-amzn-RequestId"),
            ("x-amzn-remapped-content-length", "x-amzn-Remapped-Content-Length"),
            ("etag", "ETag"),
            ("puppies", "puppies"),
            ("x-mine", "X-MINE"),
        ] {
            assert_eq!(spellings.of(&HeaderName::from_static(name)), expected);
        }
    }
}
