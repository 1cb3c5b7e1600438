//! A target of the fuzzer: which API a request names.

use super::Address;
use crate::fuzzing::{Target, parts, seeds};

/// A host and a path.
pub(crate) const ADDRESS: Target = ("address", address, || {
    seeds(&[
        "abc123.execute-api.eu-west-1.amazonaws.com|/prod/pets",
        "ABC123.Execute-API.localhost:8080|//prod//pets/",
        "abc123.execute-api|/p/x",
        "localhost|/_aws/execute-api/ABC/p/x",
        "localhost|/restapis/abc/p/_user_request_/x",
        "é.execute-api.x|/_aws/execute-api//p",
    ])
});

fn address(input: &[u8]) {
    let [host, path] = parts(input);
    let Some(address) = Address::parse(&host, &path) else { return };
    let id = address.api_id.as_str();
    assert!(!id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase()), "{id}");
    assert!(!address.stage.is_empty() && !address.stage.contains('/'), "{}", address.stage);
    // What is behind the stage is a path of its own or nothing.
    let rest = path.get(address.path_at..).expect("a place in the path");
    assert!(rest.is_empty() || rest.starts_with('/'), "{rest}");
}
