//! The management address.

pub mod calls;
pub mod invocations;
pub mod listener;
pub mod metrics;
pub mod service;
