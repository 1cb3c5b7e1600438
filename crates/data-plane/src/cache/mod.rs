//! The stage cache: answers of endpoints that are kept in memory and given again.
//!
//! What is kept is what the endpoint said, not what a client was sent: integration responses, templates, conversions, compression and the
//! ids of an answer are made for each request anew, so that nothing of one client's request gets into another's answer. A look-up comes
//! behind everything that decides whether a request may be made at all.
//!
//! A stage's entries are bounded by its own budget and, with those of all stages, by the gateway's ([`Caches`]). Whoever misses asks the
//! endpoint once for all who miss the same at that moment. Keys are digests ([`key`]); entries may be sealed ([`entry`]).

mod budget;
mod coding;
mod entries;
mod entry;
pub(crate) mod key;
mod stage_cache;
mod unkept;

pub(crate) use budget::Caches;
pub use budget::{CACHE_BYTES_MAX, CacheLimits, STAGE_CACHE_BYTES_MAX};
pub(crate) use coding::Codings;
pub(crate) use entry::{Answer, Entry, Protection};
pub(crate) use key::Key;
pub(crate) use stage_cache::{Claim, Freshness, Lead, Outcome, StageCache, Turn};

/// Bytes of a body that is kept (AWS docs, "Cache settings for REST APIs").
pub(crate) const BODY_BYTES_MAX: usize = 1_048_576;
