//! Which API and stage a request names, by host or by path.

#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;

use std::borrow::Cow;

use crate::context::Arrival;

/// Bytes of an API id that are looked at; ids are ten characters long.
const API_ID_BYTES_MAX: usize = 32;
/// Path forms for machines without wildcard DNS.
const AWS_PATH: &str = "/_aws/execute-api/";
const LOCAL_PATH: &str = "/restapis/";
const USER_REQUEST: &str = "_user_request_";

/// An API id in lower case, on the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ApiId {
    bytes: [u8; API_ID_BYTES_MAX],
    len: usize,
}

/// What a request names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Address<'a> {
    pub(crate) api_id: ApiId,
    pub(crate) stage: &'a str,
    /// Where the path behind the stage starts, in the path as sent.
    pub(crate) path_at: usize,
}

impl ApiId {
    /// `None` for what is no API id, which then need not be looked for.
    fn parse(text: &str) -> Option<Self> {
        if text.is_empty() || text.len() > API_ID_BYTES_MAX || !text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return None;
        }
        let mut id = Self { bytes: [0; API_ID_BYTES_MAX], len: text.len() };
        id.bytes[..text.len()].copy_from_slice(text.as_bytes());
        id.bytes[..text.len()].make_ascii_lowercase();
        Some(id)
    }

    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.len]).unwrap_or("")
    }
}

impl<'a> Address<'a> {
    /// Reads the address of a request; the host form comes first, so that an API can have any path of its own.
    pub(crate) fn of(arrival: &'a Arrival) -> Option<Self> {
        let host = arrival.host.as_ref().and_then(|host| str::from_utf8(host.as_bytes()).ok()).unwrap_or("");
        Self::parse(host, arrival.uri.path())
    }

    fn parse(host: &str, path: &'a str) -> Option<Self> {
        if let Some(api_id) = host_api(host) {
            return Self::behind(ApiId::parse(api_id)?, path, 0);
        }
        if let Some(rest) = path.strip_prefix(AWS_PATH) {
            let (api_id, _) = rest.split_once('/')?;
            return Self::behind(ApiId::parse(api_id)?, path, AWS_PATH.len() + api_id.len());
        }
        let rest = path.strip_prefix(LOCAL_PATH)?;
        let (api_id, rest) = rest.split_once('/')?;
        let (stage, rest) = rest.split_once('/')?;
        let marked = rest.strip_prefix(USER_REQUEST).filter(|rest| rest.is_empty() || rest.starts_with('/'))?;
        let path_at = path.len() - marked.len();
        (!stage.is_empty()).then_some(Self { api_id: ApiId::parse(api_id)?, stage, path_at })
    }

    /// The stage is the first segment from `at` on; slashes before it do not count (recorded).
    fn behind(api_id: ApiId, path: &'a str, at: usize) -> Option<Self> {
        let rest = path[at..].trim_start_matches('/');
        let stage = &rest[..memchr::memchr(b'/', rest.as_bytes()).unwrap_or(rest.len())];
        if stage.is_empty() {
            return None;
        }
        Some(Self { api_id, stage, path_at: path.len() - rest.len() + stage.len() })
    }
}

/// The path as `$context.path` has it, from the stage's name on, whichever way the request named its API. Slashes before the stage are
/// gone, those behind it stay (recorded).
pub(crate) fn path_from_stage(arrival: &Arrival) -> Cow<'_, str> {
    let path = arrival.uri.path();
    Address::of(arrival).map_or(Cow::Borrowed(path), |address| address.stage_path(path))
}

impl Address<'_> {
    fn stage_path<'p>(&self, path: &'p str) -> Cow<'p, str> {
        let (before, behind) = path.split_at(self.path_at);
        match before.strip_suffix(self.stage).and_then(|before| before.strip_suffix('/')) {
            Some(before) => Cow::Borrowed(&path[before.len()..]),
            // `_user_request_` stands between the two.
            None => Cow::Owned(format!("/{}{behind}", self.stage)),
        }
    }
}

/// The API id in `{api-id}.execute-api.{anything}`.
fn host_api(host: &str) -> Option<&str> {
    const LABEL: &str = "execute-api";
    let dot = memchr::memchr(b'.', host.as_bytes())?;
    let (api_id, rest) = (&host[..dot], &host[dot + 1..]);
    let (label, after) = rest.split_at_checked(LABEL.len())?;
    (label.eq_ignore_ascii_case(LABEL) && (after.is_empty() || after.starts_with(['.', ':']))).then_some(api_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        let aws = "abc123.execute-api.eu-west-1.amazonaws.com";
        let table = [
            (aws, "/prod/pets", Some(("abc123", "prod", "/pets"))),
            ("ABC123.Execute-API.localhost:8080", "/prod", Some(("abc123", "prod", ""))),
            (aws, "//prod//pets/", Some(("abc123", "prod", "//pets/"))),
            (aws, "/prod/", Some(("abc123", "prod", "/"))),
            (aws, "/", None),
            (aws, "/_aws/execute-api/x/y", Some(("abc123", "_aws", "/execute-api/x/y"))),
            ("abc123.execute-api", "/p/x", Some(("abc123", "p", "/x"))),
            ("a_b.execute-api.x", "/p/x", None),
            ("abc.execute-apis.x", "/p/x", None),
            ("abc.other.x", "/p/x", None),
            ("", "/_aws/execute-api/abc/p/x/y", Some(("abc", "p", "/x/y"))),
            ("localhost", "/_aws/execute-api/ABC/p", Some(("abc", "p", ""))),
            ("localhost", "/_aws/execute-api/abc", None),
            ("localhost", "/_aws/execute-api/abc/", None),
            ("localhost", "/restapis/abc/p/_user_request_/x", Some(("abc", "p", "/x"))),
            ("localhost", "/restapis/abc/p/_user_request_", Some(("abc", "p", ""))),
            ("localhost", "/restapis/abc/p/_user_request_x", None),
            ("localhost", "/restapis/abc/p/x", None),
            ("localhost", "/prod/pets", None),
            ("é.execute-api.x", "/p", None),
            ("a.é", "/p", None),
        ];
        for (host, path, expected) in table {
            let found = Address::parse(host, path);
            let found = found.as_ref().map(|found| (found.api_id.as_str(), found.stage, &path[found.path_at..]));
            assert_eq!(found, expected, "{host} {path}");
        }
    }

    #[test]
    fn paths_of_the_context() {
        let aws = "abc123.execute-api.eu-west-1.amazonaws.com";
        let table = [
            (aws, "/prod/pets", "/prod/pets"),
            (aws, "//prod//pets/", "/prod//pets/"),
            (aws, "/prod", "/prod"),
            ("", "/_aws/execute-api/abc/p/x/y", "/p/x/y"),
            ("", "/restapis/abc/p/_user_request_/x", "/p/x"),
            ("", "/restapis/abc/p/_user_request_", "/p"),
        ];
        for (host, path, expected) in table {
            let address = Address::parse(host, path).expect("each names an API");
            assert_eq!(address.stage_path(path), expected, "{host} {path}");
        }
    }
}
