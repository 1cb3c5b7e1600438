//! How asking an authorizer went, for logs: `$context.authorizer.{latency,status,error,...}`, `$context.authorize.*` and
//! `$context.authenticate.*`.

/// One asking, whatever came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Attempt {
    /// From the beginning of the authorization to its end.
    pub(crate) latency_ms: u64,
    /// 200, or the status that the client got.
    pub(crate) status: u16,
    /// What the log says of a failure.
    pub(crate) error: Option<Box<str>>,
    /// The call of the function; missing where an earlier answer was used, or none was asked for.
    pub(crate) called: Option<Called>,
}

/// One call of an authorizer's function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Called {
    pub(crate) latency_ms: u64,
    /// What Lambda's Invoke API answered; missing when nothing was answered.
    pub(crate) status: Option<u16>,
    /// Of the invocation.
    pub(crate) request_id: Option<Box<str>>,
}
