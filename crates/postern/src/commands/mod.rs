//! The commands other than `serve`.

pub mod doctor;
pub mod keys;
pub mod run;
pub mod template;
