//! The bounds of compiling and of evaluating.

/// The longest path, in characters. AWS documents none; longer than any path written by hand.
pub const PATH_CHARS_MAX: usize = 8_192;

/// The most steps in one path, those inside its filters and arguments included. Each step that fans out is one level of
/// recursion when the path is evaluated, so this is what keeps the stack small.
pub const STEPS_IN_PATH_MAX: usize = 256;

/// How deep parentheses, filters within filters, arguments and literals may nest.
pub const NESTING_MAX: usize = 32;

/// What one evaluation may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Nodes visited, comparisons made and text compared (16 bytes are one step).
    pub steps_max: u64,
    /// The length, as JSON text, of everything that was found, when that is more than one place of the document.
    pub result_bytes_max: usize,
    /// How deep the values that are scanned, compared or found may nest.
    pub depth_max: usize,
}

impl Limits {
    /// Some tenths of a second at worst; a filter over a 10 MB document stays below.
    pub const STEPS_MAX: u64 = 10_000_000;
    /// Twice the 10 MB that API Gateway lets through as a payload: what is larger could not be sent.
    pub const RESULT_BYTES_MAX: usize = 20 * 1024 * 1024;
    /// Far above `serde_json`'s own limit of 128, and shallow enough for the recursion of cloning and dropping a value.
    pub const DEPTH_MAX: usize = 512;
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { steps_max: Limits::STEPS_MAX, result_bytes_max: Limits::RESULT_BYTES_MAX, depth_max: Limits::DEPTH_MAX }
    }
}
