//! IAM-style policies: who may do what to which resource, on which conditions.
//!
//! A [`Policy`] is parsed once and asked many times. It answers with a [`Verdict`]: one statement that denies outweighs all that
//! allow, and where no statement applies the policy is silent. What two policies together mean is in [`combine`].
//!
//! * [`Policy`]: the document and its statements.
//! * [`Request`]: who asks for what; [`Principal`] is the caller and [`Keys`] gives the condition keys.
//!
//! The rules are those of the IAM user guide ("IAM JSON policy elements reference", "Policy evaluation logic"). Whatever cannot be
//! understood is refused when it is parsed, and what cannot be compared when it is asked does not allow. No IO, no clock.

pub mod combine;
mod condition;
mod document;
mod evaluate;
mod json;
mod pattern;
mod principal;
mod variables;

pub use document::{DOCUMENT_BYTES_MAX, Kind, Policy, PolicyError};
pub use evaluate::{Keys, NoKeys, Request, Verdict};
pub use json::Json;
pub use principal::Principal;
