//! The life of a request, one file per API type; each lists its stages on one screen.

pub(crate) mod rest;
