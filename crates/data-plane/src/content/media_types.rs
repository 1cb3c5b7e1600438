//! `binaryMediaTypes`, ready to be compared with.

use http::HeaderValue;

use crate::compile::MEDIA_TYPE_DEFAULT;

/// What a body is taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Binary,
}

/// The media types whose bodies are bytes.
#[derive(Debug, Default)]
pub(crate) struct BinaryMediaTypes(Vec<Entry>);

#[derive(Debug, PartialEq, Eq)]
enum Entry {
    /// `*/*`.
    All,
    /// `image/*`, with its slash.
    Family(Box<str>),
    Exact(Box<str>),
}

impl BinaryMediaTypes {
    /// Compiles the stored list.
    pub(crate) fn compile(types: &[String]) -> Self {
        let mut entries: Vec<Entry> = types.iter().map(|text| Entry::parse(text)).collect();
        if entries.contains(&Entry::All) {
            entries = vec![Entry::All];
        }
        Self(entries)
    }

    /// What a body of this media type is. One that names none is JSON (AWS docs, "Mapping templates"), which `*/*` matches as well:
    /// it is what makes the preflight requests of such APIs fail.
    pub(crate) fn kind(&self, content_type: Option<&HeaderValue>) -> Kind {
        if self.0.is_empty() {
            return Kind::Text;
        }
        self.kind_of(content_type.and_then(|value| value.to_str().ok()))
    }

    /// What a client wants: only the first media type in its `Accept` counts.
    pub(crate) fn accepted(&self, accept: Option<&str>) -> Kind {
        self.kind_of(accept.and_then(|accept| accept.split(',').next()))
    }

    fn kind_of(&self, media_type: Option<&str>) -> Kind {
        let media_type = media_type.map_or(MEDIA_TYPE_DEFAULT, essence);
        if self.0.iter().any(|entry| entry.matches(media_type)) { Kind::Binary } else { Kind::Text }
    }
}

impl Entry {
    fn parse(text: &str) -> Self {
        match essence(text) {
            "*/*" | "*" => Self::All,
            media_type => match media_type.strip_suffix('*') {
                Some(family) if family.ends_with('/') => Self::Family(family.into()),
                _ => Self::Exact(media_type.into()),
            },
        }
    }

    fn matches(&self, media_type: &str) -> bool {
        match self {
            Self::All => true,
            Self::Family(family) => media_type.get(..family.len()).is_some_and(|start| start.eq_ignore_ascii_case(family)),
            Self::Exact(exact) => media_type.eq_ignore_ascii_case(exact),
        }
    }
}

/// Without parameters.
fn essence(media_type: &str) -> &str {
    media_type.split(';').next().unwrap_or(media_type).trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_binary() {
        let table: [(&[&str], Option<&'static str>, Kind); 14] = [
            (&[], Some("image/png"), Kind::Text),
            (&["image/png"], Some("image/png"), Kind::Binary),
            (&["image/png"], Some("Image/PNG; a=b"), Kind::Binary),
            (&["Image/PNG;a=b"], Some("image/png"), Kind::Binary),
            (&["image/png"], Some("image/gif"), Kind::Text),
            (&["image/*"], Some("image/gif"), Kind::Binary),
            (&["image/*"], Some("images/gif"), Kind::Text),
            (&["image/*"], Some("im"), Kind::Text),
            (&["image/png", "*/*"], Some("text/plain"), Kind::Binary),
            (&["*/*"], None, Kind::Binary),
            (&["application/json"], None, Kind::Binary),
            (&["image/png"], None, Kind::Text),
            (&["image/*"], Some("imagé/x"), Kind::Text),
            (&["image/png"], Some("*/*"), Kind::Text),
        ];
        for (types, given, expected) in table {
            let types: Vec<String> = types.iter().map(|text| (*text).to_owned()).collect();
            let types = BinaryMediaTypes::compile(&types);
            assert_eq!(types.accepted(given), expected, "{types:?} {given:?}");
            let value = given.and_then(|text| HeaderValue::from_bytes(text.as_bytes()).ok());
            assert_eq!(types.kind(value.as_ref()), expected, "{types:?} {given:?}");
        }
    }

    #[test]
    fn only_the_first_accepted_type_counts() {
        let types = BinaryMediaTypes::compile(&["image/png".to_owned()]);
        assert_eq!(types.accepted(Some("image/png;q=0.1, text/html")), Kind::Binary);
        assert_eq!(types.accepted(Some("text/html, image/png")), Kind::Text);
    }
}
