//! Signature Version 4: what AWS clients put on every call to prove who sends it.
//!
//! The client reduces the request to a *canonical request* (method, path, query, chosen headers, hash of the body), hashes
//! that together with the time and the *credential scope* (date, region, service) into a *string to sign*, and signs it with
//! a key derived from its secret. The server does the same and compares. Signatures travel in the `Authorization` header, or
//! in the query string of a presigned URL.
//!
//! * [`parse`] finds what a request presents: key id, scope, signature. The caller looks up the key. [`parse_with`] takes Signature Version
//!   4A as well, whose key is asymmetric and whose scope is a set of regions; it can be verified here, not made.
//! * [`check`] refuses what needs no key to be refused; a caller that runs it before the lookup answers in AWS's order.
//! * [`verify`] decides: everything that [`check`] does, then the signature and the session token.
//! * [`sign`] and [`presign`] are the client's side.
//!
//! No IO, no clock: the caller passes the time in. The signing key is derived anew for every request: four HMACs of a few
//! bytes cost about a microsecond, less than a cache would cost in locks and in key material kept around.
//!
//! Source of the behaviour: the AWS IAM user guide, "AWS Signature Version 4 for API requests", and AWS's published test
//! suite, whose cases are in `tests/vectors.json`.

mod asymmetric;
mod canonical;
mod error;
mod header_form;
mod presented;
mod query_form;
mod request;
mod sign;
mod signature;
mod time;
mod verify;

pub use error::{AuthError, ScopeProblem, SignError};
pub use presented::{Algorithms, CredentialScope, Presented, parse, parse_with};
pub use request::{PathStyle, Payload, SecretKey, SigningRequest};
pub use sign::{ContentSha256, Credentials, SigningTarget, presign, sign};
pub use verify::{CLOCK_SKEW_S_DEFAULT, RegionRule, Session, UnsignedPayload, VerifyOptions, check, verify};

/// Longest `Authorization` header that is read; a client's is about 300 bytes, and 64 signed headers fit.
pub const AUTHORIZATION_BYTES_MAX: usize = 4 * 1024;
/// Most headers that a signature may cover. Each costs a look-up and a copy; SDKs sign fewer than 20.
pub const SIGNED_HEADERS_MAX: usize = 64;
/// Longest query string that is canonicalised; AWS's own limit for a whole request line is lower.
pub const QUERY_BYTES_MAX: usize = 16 * 1024;
/// Longest set of regions; all of AWS's are under 700 characters.
pub const REGION_SET_BYTES_MAX: usize = 1024;
/// Longest path that is canonicalised, as for the query.
pub const PATH_BYTES_MAX: usize = 16 * 1024;
/// Longest `Credential`; a key id has at most 128 characters (IAM, `AccessKey`), the rest is short.
pub const CREDENTIAL_BYTES_MAX: usize = 512;
/// Longest session token. AWS gives no size and warns that it grows; tokens seen are under 2 KiB.
pub const SESSION_TOKEN_BYTES_MAX: usize = 8 * 1024;
/// Longest life of a presigned URL: seven days, as AWS has it.
pub const EXPIRES_S_MAX: u32 = 604_800;
