//! The management address.

pub mod calls;
pub mod listener;
pub mod metrics;
pub mod service;
