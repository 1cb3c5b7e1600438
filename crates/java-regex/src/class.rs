//! Character classes: `[a-z&&[^b]]`, `\d`, `\p{Alpha}`.

use super::PatternError;
use super::translate::{Item, Translator};

/// Classes within classes.
const NESTING_MAX: usize = 50;

/// A digit, a word's character, white space: Java's are of ASCII.
pub(super) const DIGIT: &str = "0-9";
pub(super) const WORD: &str = "a-zA-Z_0-9";
pub(super) const SPACE: &str = " \\t\\n\\x0B\\x0C\\r";
pub(super) const HORIZONTAL: &str = " \\t\\x{A0}\\x{1680}\\x{180e}\\x{2000}-\\x{200a}\\x{202f}\\x{205f}\\x{3000}";
/// `\v`, which are the line ends too, but for the pair that `\R` takes as one.
pub(super) const VERTICAL: &str = "\\n\\x0B\\x0C\\r\\x{85}\\x{2028}\\x{2029}";

/// What a class between brackets excludes or not.
pub(super) fn set(members: &str, is_negated: bool) -> String {
    format!("[{}{members}]", if is_negated { "^" } else { "" })
}

/// The members of `\p{name}`.
pub(super) fn property(name: &str) -> Result<String, PatternError> {
    let members = match name {
        "Lower" => "a-z",
        "Upper" => "A-Z",
        "ASCII" => "\\x00-\\x7F",
        "Alpha" => "a-zA-Z",
        "Digit" => DIGIT,
        "Alnum" => "a-zA-Z0-9",
        "Punct" => "!-/:-@\\[-`{-\\~",
        "Graph" => "!-\\~",
        "Print" => " -\\~",
        "Blank" => " \\t",
        "Cntrl" => "\\x00-\\x1F\\x7F",
        "XDigit" => "0-9a-fA-F",
        "Space" => SPACE,
        "L1" => "\\x00-\\x{FF}",
        "all" => "\\x00-\\x{10FFFF}",
        "javaLowerCase" => "\\p{Lowercase}",
        "javaUpperCase" => "\\p{Uppercase}",
        "javaAlphabetic" => "\\p{Alphabetic}",
        "javaLetter" => "\\p{L}",
        "javaDigit" => "\\p{Nd}",
        "javaLetterOrDigit" => "\\p{L}\\p{Nd}",
        _ => return unicode(name),
    };
    Ok(members.to_owned())
}

/// General categories, scripts and binary properties. Blocks (`InGreek`) are not known to the matcher.
fn unicode(name: &str) -> Result<String, PatternError> {
    let name = name.rsplit_once('=').map_or(name, |(_, value)| value);
    let name = name.strip_prefix("Is").unwrap_or(name);
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if !is_name || name.starts_with("In") && name.len() > 2 && name.as_bytes()[2].is_ascii_uppercase() {
        return Err(PatternError::unsupported("a Unicode property of the regular expression"));
    }
    Ok(format!("\\p{{{name}}}"))
}

impl Translator {
    /// Translates a class whose `[` has been read.
    pub(super) fn class(&mut self) -> Result<(), PatternError> {
        const UNCLOSED: &str = "a character class of the regular expression is not closed";
        // For each class that is open: whether it has a member yet. A `]` that comes first is one.
        let mut open: Vec<bool> = Vec::new();
        self.open_class(&mut open);
        while let Some(depth) = open.len().checked_sub(1) {
            let has_member = &mut open[depth];
            let c = self.next().ok_or(PatternError::invalid(UNCLOSED))?;
            match c {
                ']' if *has_member => {
                    self.push(']');
                    open.pop();
                    if let Some(outer) = open.last_mut() {
                        *outer = true;
                    }
                }
                '[' if depth + 1 == NESTING_MAX => return Err(PatternError::invalid("character classes are nested too deeply")),
                '[' => self.open_class(&mut open),
                '&' if self.peek() == Some('&') => {
                    self.next();
                    self.push_str("&&");
                }
                _ if self.is_comment(c) => self.skip_comment(c),
                '\\' if self.peek() == Some('Q') => {
                    *has_member = true;
                    for quoted in self.quoted() {
                        self.push_member(quoted);
                    }
                }
                _ => {
                    *has_member = true;
                    self.members(c)?;
                }
            }
        }
        Ok(())
    }

    fn open_class(&mut self, open: &mut Vec<bool>) {
        self.push('[');
        if self.peek() == Some('^') {
            self.next();
            self.push('^');
        }
        open.push(false);
    }

    /// One member, or the range that it begins.
    fn members(&mut self, c: char) -> Result<(), PatternError> {
        const RANGE: &str = "a character range of the regular expression is illegal";
        let first = match self.member(c)? {
            Item::Char(first) => first,
            Item::Set(set) => {
                self.push_str(&set);
                return Ok(());
            }
        };
        if self.peek() != Some('-') || matches!(self.peek_second(), None | Some('[' | ']')) {
            match first {
                // The matcher would read `[:alpha:]` as a class's name.
                ':' => self.push_str(":-:"),
                first => self.push_member(first),
            }
            return Ok(());
        }
        self.next();
        let last = self.next().ok_or(PatternError::invalid(RANGE))?;
        match self.member(last)? {
            Item::Char(last) if first <= last => {
                self.push_member(first);
                self.push('-');
                self.push_member(last);
                Ok(())
            }
            Item::Char(_) | Item::Set(_) => Err(PatternError::invalid(RANGE)),
        }
    }

    fn member(&mut self, c: char) -> Result<Item, PatternError> {
        if c == '\\' { self.escaped() } else { Ok(Item::Char(c)) }
    }

    fn push_member(&mut self, c: char) {
        if matches!(c, '\\' | '[' | ']' | '^' | '-' | '&' | '~') {
            self.push('\\');
        }
        self.push(c);
    }
}
