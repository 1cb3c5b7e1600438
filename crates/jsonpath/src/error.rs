//! What can be wrong with a path, and with evaluating it.

/// A path that does not compile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} (at character {position} of the path)")]
pub struct PathError {
    /// The character of the path, counted from 0, at which compiling stopped.
    pub position: usize,
    /// What to change.
    pub message: String,
}

/// Why a path found nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EvalError {
    /// A definite path leads nowhere in this document.
    #[error("no value at path {path}")]
    PathNotFound {
        /// The path as it was written.
        path: String,
    },
    /// A filter is asked of a text, a number, a boolean or null.
    #[error("a filter in {path} is applied to a value that is neither an object nor an array")]
    FilterOnScalar {
        /// The path as it was written.
        path: String,
    },
    /// A function cannot be computed, such as the average of nothing.
    #[error("{message} (path {path})")]
    Function {
        /// The path as it was written.
        path: String,
        /// What the function was missing.
        message: String,
    },
    /// A limit was reached.
    #[error("evaluating {path} takes more than the allowed {limit}")]
    LimitExceeded {
        /// The path as it was written.
        path: String,
        /// Which limit.
        limit: Limit,
    },
}

/// The limits that an evaluation can reach; see [`crate::Limits`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Limit {
    /// `steps_max`
    #[error("work")]
    Steps,
    /// `result_bytes_max`
    #[error("size of the result")]
    ResultBytes,
    /// `depth_max`
    #[error("depth of the document")]
    Depth,
}

/// An error before the path's text is put in: filters raise and drop these once per element, so they are cheap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    NotFound,
    FilterOnScalar,
    /// An operand of the wrong kind: Jayway counts the element as not matching.
    Operand,
    Function(String),
    Limit(Limit),
}

impl Fault {
    pub(crate) fn into_error(self, path: &str) -> EvalError {
        let path = path.to_owned();
        match self {
            // An operand's fault ends at the filter it arose in.
            Fault::NotFound | Fault::Operand => EvalError::PathNotFound { path },
            Fault::FilterOnScalar => EvalError::FilterOnScalar { path },
            Fault::Function(message) => EvalError::Function { path, message },
            Fault::Limit(limit) => EvalError::LimitExceeded { path, limit },
        }
    }
}
