//! The commands other than `serve`.

pub mod keys;
pub mod run;
pub mod template;
