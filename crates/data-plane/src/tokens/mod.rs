//! Bearer tokens: JSON Web Tokens (RFC 7519) that an issuer signed, as COGNITO_USER_POOLS and JWT authorizers accept them.
//!
//! A token is worth nothing until its signature is verified: `Presented` is what a client sent, and only a key of the issuer that the
//! authorizer itself names makes `Claims` of it. Nothing in a token says where its key is, nor how it is to be checked: `jku`, `x5u`
//! and `jwk` are not looked at, and each key verifies one kind of signature.
//!
//! * `presented` reads a token, `key_set` the keys of an issuer; both in `strict_json`, which knows no two meanings of a text.
//! * `claims` says what a verified token holds.
//! * `key_sets` keeps the keys of issuers, `discovery` and `fetch` get them.
//! * `jwt` and `user_pools` are the rules of the two types of authorizers; `check` puts all of it together.
//! * `settings` is what the operator says of issuers.

mod check;
mod claims;
mod discovery;
mod fetch;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod jwt;
mod key_set;
mod key_sets;
mod presented;
mod settings;
mod strict_json;
mod user_pools;

#[cfg(test)]
#[path = "../../tests/support/tokens.rs"]
mod test_keys;
#[cfg(test)]
mod tests;

pub(crate) use check::{Refused, TokenCheck};
pub(crate) use claims::Claims;
pub use fetch::check_url;
pub(crate) use jwt::JwtRules;
pub use key_set::KeySet;
pub(crate) use key_sets::KeySets;
pub use settings::{
    CLOCK_SKEW_MS, ClientIds, IssuerSettings, KeySource, REFETCH_INTERVAL_MS, Reach, TokenSettings, certificates_of_pem,
};
pub(crate) use user_pools::{UserPoolRules, UserPools};
