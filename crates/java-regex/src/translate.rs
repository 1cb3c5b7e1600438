//! Java's syntax, character by character, into that of the matcher.

use std::fmt::Write;

use super::class::{DIGIT, HORIZONTAL, SPACE, VERTICAL, WORD, property, set};
use super::{Dialect, PatternError};

/// Groups within groups.
const NESTING_MAX: usize = 50;
/// Where a line ends, looked at from before.
const LINE_END: &str = "\\r\\n|[\\n\\r\\x{85}\\x{2028}\\x{2029}]";

/// The pattern in the matcher's syntax.
pub(super) fn translate(pattern: &str, dialect: Dialect) -> Result<String, PatternError> {
    let chars: Vec<char> = pattern.chars().collect();
    let captures = captures(&chars);
    let mut translator = Translator {
        dialect,
        chars,
        at: 0,
        out: String::new(),
        flags: Flags::default(),
        groups: Vec::new(),
        captures,
        atom: None,
    };
    translator.run()?;
    Ok(translator.out)
}

/// What an escape stands for.
pub(super) enum Item {
    Char(char),
    /// A class, brackets included.
    Set(String),
}

pub(super) struct Translator {
    dialect: Dialect,
    chars: Vec<char>,
    at: usize,
    out: String,
    flags: Flags,
    groups: Vec<Group>,
    /// Capturing groups of the whole pattern.
    captures: usize,
    /// Where in `out` begins what a quantifier would repeat.
    atom: Option<usize>,
}

/// The flags that are translated here; `i` is the matcher's own.
#[derive(Clone, Copy, Default)]
struct Flags {
    dot_all: bool,
    multi_line: bool,
    comments: bool,
    unix_lines: bool,
}

/// A group that is open.
struct Group {
    at: usize,
    /// Those of what is around it.
    flags: Flags,
}

/// Groups that capture, counted before any of them can be referred to. A parenthesis in quotes or in a class is counted too much,
/// which matters to back-references of two digits only.
fn captures(chars: &[char]) -> usize {
    let begins = |at: usize| match chars.get(at + 1) {
        Some('?') => chars.get(at + 2) == Some(&'<') && !matches!(chars.get(at + 3), Some('=' | '!')),
        _ => true,
    };
    let is_escaped = |at: usize| chars[..at].iter().rev().take_while(|c| **c == '\\').count() % 2 == 1;
    (0..chars.len()).filter(|at| chars[*at] == '(' && !is_escaped(*at) && begins(*at)).count()
}

impl Translator {
    pub(super) fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += 1;
        Some(c)
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    pub(super) fn peek_second(&self) -> Option<char> {
        self.chars.get(self.at + 1).copied()
    }

    pub(super) fn push(&mut self, c: char) {
        self.out.push(c);
    }

    pub(super) fn push_str(&mut self, text: &str) {
        self.out.push_str(text);
    }

    fn take(&mut self, expected: char) -> bool {
        let is_next = self.peek() == Some(expected);
        self.at += usize::from(is_next);
        is_next
    }

    /// Whether `c` begins what the flag `x` leaves out.
    pub(super) fn is_comment(&self, c: char) -> bool {
        self.flags.comments && matches!(c, ' ' | '\t' | '\n' | '\x0B' | '\x0C' | '\r' | '#')
    }

    pub(super) fn skip_comment(&mut self, c: char) {
        if c == '#' {
            while self.next().is_some_and(|c| !matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')) {}
        }
    }

    fn run(&mut self) -> Result<(), PatternError> {
        while let Some(c) = self.next() {
            let at = self.out.len();
            match c {
                _ if self.is_comment(c) => self.skip_comment(c),
                '\\' if self.peek() == Some('Q') => self.quoted().into_iter().for_each(|c| self.literal(c)),
                '\\' => self.escape()?,
                '[' => {
                    self.class()?;
                    self.atom = Some(at);
                }
                '(' => self.open()?,
                ')' => {
                    let group = self.groups.pop().ok_or(PatternError::invalid("the regular expression has a `)` too many"))?;
                    self.push(')');
                    self.flags = group.flags;
                    self.atom = Some(group.at);
                }
                '|' => {
                    self.push('|');
                    self.atom = None;
                }
                '*' | '+' | '?' | '{' => self.quantifier(c)?,
                '.' => self.atom_of(match (self.flags.dot_all, self.flags.unix_lines) {
                    (true, _) => "(?s:.)",
                    (false, true) => "[^\\n]",
                    (false, false) => "[^\\n\\r\\x{85}\\x{2028}\\x{2029}]",
                }),
                '^' if self.flags.multi_line => self.atom_of(match self.dialect {
                    Dialect::Backtracking => "(?:\\A|(?<=[\\n\\x{85}\\x{2028}\\x{2029}])|(?<=\\r)(?!\\n))(?!\\z)",
                    Dialect::Linear => "(?mR:^)",
                }),
                '^' => self.atom_of("\\A"),
                '$' if self.flags.multi_line => self.atom_of(match self.dialect {
                    Dialect::Backtracking => "(?:(?=\\z|[\\r\\x{85}\\x{2028}\\x{2029}])|(?<!\\r)(?=\\n))",
                    Dialect::Linear => "(?mR:$)",
                }),
                // Where the whole has to match, nothing but the end is left at the end of an alternative.
                '$' if self.groups.is_empty() && matches!(self.peek(), None | Some('|')) => self.atom_of("\\z"),
                '$' => self.end_of_input(),
                c => self.literal(c),
            }
        }
        if self.groups.is_empty() { Ok(()) } else { Err(PatternError::invalid("the regular expression has an open `(`")) }
    }

    /// The end, or a line end before it.
    fn end_of_input(&mut self) {
        match self.dialect {
            Dialect::Backtracking => self.atom_of(&format!("(?=(?:{LINE_END})?\\z)")),
            Dialect::Linear => self.atom_of("\\z"),
        }
    }

    /// Refuses what only a matcher that goes back can match.
    fn needs_backtracking(&self, what: &str) -> Result<(), PatternError> {
        match self.dialect {
            Dialect::Backtracking => Ok(()),
            Dialect::Linear => Err(PatternError::unsupported(what)),
        }
    }

    fn atom_of(&mut self, text: &str) {
        self.atom = Some(self.out.len());
        self.out.push_str(text);
    }

    fn literal(&mut self, c: char) {
        self.atom = Some(self.out.len());
        if matches!(c, '\\' | '.' | '+' | '*' | '?' | '(' | ')' | '|' | '[' | ']' | '{' | '}' | '^' | '$') {
            self.out.push('\\');
        }
        self.out.push(c);
    }

    /// The characters of `\Q...\E`, whose `Q` is next.
    pub(super) fn quoted(&mut self) -> Vec<char> {
        self.next();
        let mut quoted = Vec::new();
        while let Some(c) = self.next() {
            if c == '\\' && self.take('E') {
                break;
            }
            quoted.push(c);
        }
        quoted
    }

    /// `(?<name>`, `(?=`, `(?i)` and the like.
    fn open(&mut self) -> Result<(), PatternError> {
        const UNKNOWN: &str = "a group of the regular expression is unknown";
        const LOOK_AROUND: &str = "look-around in a regular expression";
        let group = Group { at: self.out.len(), flags: self.flags };
        if self.groups.len() == NESTING_MAX {
            return Err(PatternError::invalid("groups of the regular expression are nested too deeply"));
        }
        self.atom = None;
        self.push('(');
        if self.take('?') {
            self.push('?');
            match self.peek() {
                Some(c @ (':' | '=' | '!' | '>')) => {
                    match c {
                        ':' => {}
                        '>' => self.needs_backtracking("an atomic group `(?>...)` in a regular expression")?,
                        _ => self.needs_backtracking(LOOK_AROUND)?,
                    }
                    self.next();
                    self.push(c);
                }
                Some('<') => {
                    self.next();
                    self.push('<');
                    match self.peek() {
                        Some(c @ ('=' | '!')) => {
                            self.needs_backtracking(LOOK_AROUND)?;
                            self.next();
                            self.push(c);
                        }
                        _ => {
                            let name = self.name()?;
                            self.push_str(&name);
                            self.push('>');
                        }
                    }
                }
                Some(_) => {
                    self.out.truncate(group.at);
                    return self.flags(group);
                }
                None => return Err(PatternError::invalid(UNKNOWN)),
            }
        }
        self.groups.push(group);
        Ok(())
    }

    /// `name>`.
    fn name(&mut self) -> Result<String, PatternError> {
        let mut name = String::new();
        while let Some(c) = self.next() {
            match c {
                '>' if name.starts_with(|c: char| c.is_ascii_alphabetic()) => return Ok(name),
                c if c.is_ascii_alphanumeric() => name.push(c),
                _ => break,
            }
        }
        Err(PatternError::invalid("the name of a group in the regular expression is not letters and digits in `<` and `>`"))
    }

    /// `i)` or `s-i:`.
    fn flags(&mut self, group: Group) -> Result<(), PatternError> {
        const UNKNOWN: &str = "a flag of the regular expression is unknown";
        let (mut value, mut ignores_case) = (true, None);
        loop {
            match self.next() {
                Some('-') => value = false,
                Some('i') => ignores_case = Some(value),
                Some('s') => self.flags.dot_all = value,
                Some('m') => self.flags.multi_line = value,
                Some('x') => self.flags.comments = value,
                Some('d') => self.flags.unix_lines = value,
                // The matcher always compares letters of all scripts.
                Some('u') => {}
                Some('U') => return Err(PatternError::unsupported("the flag `U` of a regular expression")),
                Some(end @ (')' | ':')) => {
                    let case = ignores_case.map_or("", |on| if on { "i" } else { "-i" });
                    match (end, case) {
                        (')', "") => {}
                        (')', case) => self.push_str(&format!("(?{case})")),
                        (_, case) => {
                            self.push_str(&format!("(?{case}:"));
                            self.groups.push(group);
                        }
                    }
                    return Ok(());
                }
                _ => return Err(PatternError::invalid(UNKNOWN)),
            }
        }
    }

    /// `*`, `+`, `?` or `{n,m}`, with a `?` or `+` behind.
    fn quantifier(&mut self, c: char) -> Result<(), PatternError> {
        let dangling = || PatternError::Invalid(format!("the regular expression has a `{c}` with nothing to repeat"));
        let atom = self.atom.take().ok_or_else(dangling)?;
        let mut text = c.to_string();
        if c == '{' {
            loop {
                let c = self.next().filter(|c| c.is_ascii_digit() || matches!(c, ',' | '}')).ok_or_else(dangling)?;
                text.push(c);
                if c == '}' {
                    break;
                }
            }
            if !text[1..].starts_with(|c: char| c.is_ascii_digit()) {
                return Err(dangling());
            }
        }
        self.push_str(&text);
        if self.take('?') {
            self.push('?');
        } else if self.take('+') {
            // What it took it does not give back.
            self.needs_backtracking("a possessive quantifier in a regular expression")?;
            self.out.insert_str(atom, "(?>");
            self.push(')');
        }
        Ok(())
    }

    /// An escape outside of a class.
    fn escape(&mut self) -> Result<(), PatternError> {
        const BACK_REFERENCE: &str = "a back-reference in a regular expression";
        let line_end = format!("(?:\\r\\n|[{VERTICAL}])");
        match self.peek() {
            Some(digit @ '1'..='9') => {
                self.needs_backtracking(BACK_REFERENCE)?;
                self.next();
                self.back_reference(digit);
            }
            Some('k') => {
                self.needs_backtracking(BACK_REFERENCE)?;
                self.next();
                if !self.take('<') {
                    return Err(PatternError::invalid("`\\k` of the regular expression needs a name in `<` and `>`"));
                }
                let name = self.name()?;
                self.atom_of(&format!("\\k<{name}>"));
            }
            Some(c @ ('b' | 'B' | 'A' | 'z')) => {
                self.next();
                self.atom_of(&format!("\\{c}"));
            }
            // The end of the last match, which at the first is the beginning.
            Some('G') => {
                self.needs_backtracking("`\\G` in a regular expression")?;
                self.next();
                self.atom_of("\\A");
            }
            Some('Z') => {
                self.next();
                self.end_of_input();
            }
            Some('R') => {
                self.next();
                self.atom_of(&line_end);
            }
            _ => match self.escaped()? {
                Item::Char(c) => self.literal(c),
                Item::Set(set) => self.atom_of(&set),
            },
        }
        Ok(())
    }

    /// As many digits as still name a group.
    fn back_reference(&mut self, digit: char) {
        let mut number = digit.to_digit(10).unwrap_or(0) as usize;
        while let Some(digit) = self.peek().and_then(|c| c.to_digit(10)) {
            let longer = number * 10 + digit as usize;
            if longer > self.captures {
                break;
            }
            number = longer;
            self.next();
        }
        // A group that is not there never matches.
        if number > self.captures { self.atom_of("(?!)") } else { self.atom_of(&format!("(?:\\{number})")) }
    }

    /// An escape that stands for a character or a class of them.
    pub(super) fn escaped(&mut self) -> Result<Item, PatternError> {
        const UNKNOWN: &str = "an escape of the regular expression is unknown";
        let c = self.next().ok_or(PatternError::invalid("the regular expression ends with a backslash"))?;
        let members = match c.to_ascii_lowercase() {
            'd' => DIGIT,
            'w' => WORD,
            's' => SPACE,
            'h' => HORIZONTAL,
            'v' => VERTICAL,
            'p' => {
                let name = self.property_name().ok_or(PatternError::invalid(UNKNOWN))?;
                return Ok(Item::Set(set(&property(&name)?, c == 'P')));
            }
            'x' if c == 'X' => return Err(PatternError::unsupported("`\\X` in a regular expression")),
            'n' if c == 'N' => return Err(PatternError::unsupported("`\\N` in a regular expression")),
            _ => return self.character(c).map(Item::Char).ok_or(PatternError::invalid(UNKNOWN)),
        };
        Ok(Item::Set(set(members, c.is_ascii_uppercase())))
    }

    /// `L` or `{name}`.
    fn property_name(&mut self) -> Option<String> {
        match self.next()? {
            '{' => {
                let mut name = String::new();
                loop {
                    match self.next()? {
                        '}' => return Some(name),
                        c => name.push(c),
                    }
                }
            }
            c => Some(c.to_string()),
        }
    }

    fn character(&mut self, c: char) -> Option<char> {
        Some(match c {
            't' => '\t',
            'n' => '\n',
            'r' => '\r',
            'f' => '\x0C',
            'a' => '\x07',
            'e' => '\x1B',
            'c' => char::from_u32(u32::from(self.next()?) ^ 64)?,
            '0' => {
                let digits: Vec<char> = self.chars[self.at..].iter().copied().take(3).take_while(|c| c.is_digit(8)).collect();
                // At most 0377.
                let len = if digits.first().is_some_and(|first| *first > '3') { digits.len().min(2) } else { digits.len() };
                self.number(len, 8)?
            }
            'x' if self.take('{') => {
                let len = self.chars[self.at..].iter().position(|c| *c == '}')?;
                let c = self.number(len, 16)?;
                self.next();
                c
            }
            'x' => self.number(2, 16)?,
            'u' => self.utf16()?,
            c if c.is_ascii_alphanumeric() => return None,
            c => c,
        })
    }

    fn digits(&mut self, len: usize, radix: u32) -> Option<u32> {
        let text: String = self.chars.get(self.at..self.at + len)?.iter().collect();
        self.at += len;
        u32::from_str_radix(&text, radix).ok().filter(|_| !text.starts_with('+'))
    }

    fn number(&mut self, len: usize, radix: u32) -> Option<char> {
        char::from_u32(self.digits(len, radix)?)
    }

    /// Four digits, or twice four where the first are half of a pair.
    fn utf16(&mut self) -> Option<char> {
        let first = u16::try_from(self.digits(4, 16)?).ok()?;
        let mut units = vec![first];
        if (0xD800..0xDC00).contains(&first) && self.take('\\') && self.take('u') {
            units.push(u16::try_from(self.digits(4, 16)?).ok()?);
        }
        let mut text = String::new();
        for c in char::decode_utf16(units) {
            text.write_char(c.ok()?).ok()?;
        }
        text.chars().next()
    }
}
