//! The constraints of AWS's models: what they refuse and how they say so.

use std::fmt;

/// One constraint on a value, beyond its type.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Rule {
    /// At least so many characters.
    LengthMin(usize),
    /// At most so many characters.
    LengthMax(usize),
    /// At least this number.
    ValueMin(i64),
    /// At most this number.
    ValueMax(i64),
    /// Text of a form.
    Form(Pattern),
    /// Each element of a list meets all of these.
    Each(&'static [Rule]),
}

/// A form that text must have as a whole. The model has a handful of them, so each is a function instead of a regular expression.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pattern {
    /// An HTTP status: `[1-5]\d\d`.
    StatusCode,
    /// An HTTP status, `*` or blank: `^([1-5]\d\d|\*|\s*)$`.
    StatusCodeOrAny,
}

impl Pattern {
    /// The expression as the model has it.
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::StatusCode => r"[1-5]\d\d",
            Self::StatusCodeOrAny => r"^([1-5]\d\d|\*|\s*)$",
        }
    }

    fn fits(self, text: &str) -> bool {
        match self {
            Self::StatusCode => is_status_code(text),
            Self::StatusCodeOrAny => {
                // The white space of a Java regular expression: the service's, and ASCII only.
                let blank = text.bytes().all(|byte| byte.is_ascii_whitespace() || byte == 0x0b);
                is_status_code(text) || text == "*" || blank
            }
        }
    }
}

fn is_status_code(text: &str) -> bool {
    matches!(text.as_bytes(), [b'1'..=b'5', b'0'..=b'9', b'0'..=b'9'])
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LengthMin(min) => write!(f, "Member must have length greater than or equal to {min}"),
            Self::LengthMax(max) => write!(f, "Member must have length less than or equal to {max}"),
            Self::ValueMin(min) => write!(f, "Member must have value greater than or equal to {min}"),
            Self::ValueMax(max) => write!(f, "Member must have value less than or equal to {max}"),
            Self::Form(pattern) => write!(f, "Member must satisfy regular expression pattern: {}", pattern.text()),
            Self::Each(rules) => {
                let texts: Vec<String> = rules.iter().map(Self::to_string).collect();
                write!(f, "Member must satisfy constraint: [{}]", texts.join(", "))
            }
        }
    }
}

/// Types that [`Rule`]s apply to. A rule that makes no sense for a type is met by all its values; codegen emits none.
pub(crate) trait Checked {
    /// Whether the value breaks `rule`.
    fn breaks(&self, rule: Rule) -> bool;

    /// The value as messages show it.
    fn shown(&self) -> String;
}

impl Checked for String {
    fn breaks(&self, rule: Rule) -> bool {
        match rule {
            Rule::LengthMin(min) => self.chars().count() < min,
            Rule::LengthMax(max) => self.chars().count() > max,
            Rule::Form(pattern) => !pattern.fits(self),
            Rule::ValueMin(_) | Rule::ValueMax(_) | Rule::Each(_) => false,
        }
    }

    fn shown(&self) -> String {
        self.clone()
    }
}

impl Checked for i32 {
    fn breaks(&self, rule: Rule) -> bool {
        match rule {
            Rule::ValueMin(min) => i64::from(*self) < min,
            Rule::ValueMax(max) => i64::from(*self) > max,
            Rule::LengthMin(_) | Rule::LengthMax(_) | Rule::Form(_) | Rule::Each(_) => false,
        }
    }

    fn shown(&self) -> String {
        self.to_string()
    }
}

impl<T: Checked> Checked for Vec<T> {
    fn breaks(&self, rule: Rule) -> bool {
        match rule {
            Rule::Each(rules) => self.iter().any(|element| rules.iter().any(|rule| element.breaks(*rule))),
            Rule::LengthMin(min) => self.len() < min,
            Rule::LengthMax(max) => self.len() > max,
            Rule::ValueMin(_) | Rule::ValueMax(_) | Rule::Form(_) => false,
        }
    }

    fn shown(&self) -> String {
        let elements: Vec<String> = self.iter().map(Checked::shown).collect();
        format!("[{}]", elements.join(", "))
    }
}
