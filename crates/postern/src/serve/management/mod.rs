//! The management address.

pub mod api_metrics;
pub mod calls;
pub mod invocations;
pub mod listener;
pub mod metrics;
pub mod service;
