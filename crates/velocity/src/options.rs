//! What of Velocity's behaviour can be chosen, and how much a template may do.

/// The departures from stock Velocity 1.7, each by name. [`Options::stock`] has none of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// What a reference that leads nowhere is worth.
    pub unresolved: Unresolved,
    /// Bounds of parsing and rendering.
    pub limits: Limits,
}

/// The value of a reference to a variable, property or method that is not there, or is null.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unresolved {
    /// Null: it prints as its own text, and is false.
    Literal,
    /// The empty string, as an invalid-reference handler makes it: it prints nothing, is true, and can be assigned.
    EmptyString,
}

/// Bounds of one template and of one rendering. Reaching one is an error, but for the loop limit, which cuts the loop short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a template's source.
    pub source_bytes_max: usize,
    /// Blocks, parentheses, brackets, calls and quoted templates inside one another.
    pub parse_depth_max: u32,
    /// Steps of one rendering: a node is one, and every 64 bytes or 8 items that a method goes through are one more.
    pub work_max: u64,
    /// Passes of one `#foreach`; the rest is silently left out, as `directive.foreach.maxloops` does.
    pub foreach_iterations_max: u32,
    /// Bytes of all strings and collections that one rendering makes, freed or not.
    pub allocated_bytes_max: u64,
    /// Bytes of the rendered text.
    pub output_bytes_max: usize,
    /// Values inside values when they are printed, compared or hashed, and blocks within blocks.
    pub nesting_max: u32,
}

impl Options {
    /// Velocity 1.7 as it comes, with Postern's limits.
    pub fn stock() -> Self {
        Self { unresolved: Unresolved::Literal, limits: Limits::default() }
    }

    /// API Gateway's mapping templates.
    pub fn api_gateway() -> Self {
        let limits = Limits { foreach_iterations_max: API_GATEWAY_FOREACH_ITERATIONS_MAX, ..Limits::default() };
        Self { unresolved: Unresolved::EmptyString, limits }
    }
}

/// AWS docs, quotas for REST APIs: "Number of iterations in a #foreach ... loop in mapping templates".
const API_GATEWAY_FOREACH_ITERATIONS_MAX: u32 = 1000;

impl Default for Limits {
    /// Generous for real templates, and well below what would hurt a machine: about a second of work, and a few times the
    /// largest payload of API Gateway (10 MB) in memory.
    fn default() -> Self {
        Self {
            source_bytes_max: 1 << 20,
            parse_depth_max: 100,
            work_max: 10_000_000,
            foreach_iterations_max: u32::MAX,
            allocated_bytes_max: 128 << 20,
            output_bytes_max: 16 << 20,
            nesting_max: 128,
        }
    }
}
