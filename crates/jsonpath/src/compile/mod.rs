//! From a path's text to its steps.
//!
//! [`path`] reads steps, [`filter`] what stands in `[?( )]`, [`argument`] what a function is given, [`literal`] JSON and
//! quoted text, [`pattern`] Java's regular expressions. All read from one [`Cursor`], so every position in an error is one
//! of the text that the user wrote.

mod argument;
mod filter;
mod literal;
mod path;
mod pattern;

use crate::ast::Steps;
use crate::error::PathError;
use crate::limits::{NESTING_MAX, PATH_CHARS_MAX, STEPS_IN_PATH_MAX};

/// What Jayway puts before a path that does not start at a root.
const ROOT_PREFIX: &str = "$.";

/// A place in the text. `end` is where the part that is being read stops.
#[derive(Debug, Clone, Copy)]
struct Cursor<'t> {
    chars: &'t [char],
    at: usize,
    end: usize,
}

/// What is counted over a whole path, parts within parts included.
#[derive(Debug, Default)]
struct Budget {
    steps: usize,
    nesting: usize,
    rooted: usize,
}

/// Compiles a path; also says how many of its inner paths start at the root.
pub(crate) fn compile(text: &str) -> Result<(Steps, usize), PathError> {
    let refuse = |message: String| Err(PathError { position: 0, message });
    if text.chars().nth(PATH_CHARS_MAX).is_some() {
        return refuse(format!("shorten the path: it may have {PATH_CHARS_MAX} characters"));
    }
    let trimmed = text.trim_matches(' ');
    if trimmed.is_empty() {
        return refuse("the path is empty; write $ for the whole document".to_owned());
    }
    let leading = text.chars().take_while(|c| *c == ' ').count();
    let (chars, prefix, at): (Vec<char>, usize, usize) = if trimmed.starts_with(['$', '@']) {
        (text.chars().collect(), 0, leading)
    } else {
        (ROOT_PREFIX.chars().chain(trimmed.chars()).collect(), ROOT_PREFIX.len(), 0)
    };
    let end = chars.iter().rposition(|c| *c != ' ').map_or(0, |last| last + 1);
    let mut budget = Budget::default();
    let mut cursor = Cursor { chars: &chars, at, end };
    let steps = path::read_path(&mut cursor, &mut budget).map_err(|mut error| {
        error.position = if prefix == 0 { error.position } else { (error.position + leading).saturating_sub(prefix) };
        error
    })?;
    Ok((steps, budget.rooted))
}

impl Budget {
    fn count_step(&mut self, cursor: &Cursor<'_>) -> Result<(), PathError> {
        self.steps += 1;
        if self.steps > STEPS_IN_PATH_MAX {
            return cursor
                .refuse(format!("shorten the path: it may have {STEPS_IN_PATH_MAX} steps, those inside filters included"));
        }
        Ok(())
    }

    /// Runs `read` one level deeper.
    fn nested<T>(
        &mut self,
        cursor: &mut Cursor<'_>,
        read: impl FnOnce(&mut Cursor<'_>, &mut Budget) -> Result<T, PathError>,
    ) -> Result<T, PathError> {
        if self.nesting >= NESTING_MAX {
            return cursor.refuse(format!("parentheses, filters and literals may nest {NESTING_MAX} deep"));
        }
        self.nesting += 1;
        let result = read(cursor, self);
        self.nesting -= 1;
        result
    }

    fn root_slot(&mut self) -> usize {
        self.rooted += 1;
        self.rooted - 1
    }
}

impl<'t> Cursor<'t> {
    fn refuse<T>(&self, message: impl Into<String>) -> Result<T, PathError> {
        Err(PathError { position: self.at.min(self.end), message: message.into() })
    }

    fn peek(&self) -> Option<char> {
        self.peek_at(self.at)
    }

    fn peek_at(&self, at: usize) -> Option<char> {
        if at < self.end { self.chars.get(at).copied() } else { None }
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek();
        if next.is_some() {
            self.at += 1;
        }
        next
    }

    /// Takes `wanted` if it comes next.
    fn eat(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.at += 1;
        }
        found
    }

    fn eat_text(&mut self, wanted: &str) -> bool {
        let found = wanted.chars().enumerate().all(|(offset, c)| self.peek_at(self.at + offset) == Some(c));
        if found {
            self.at += wanted.chars().count();
        }
        found
    }

    /// Only the space counts as blank, as in Jayway.
    fn skip_blanks(&mut self) {
        while self.eat(' ') {}
    }

    /// The first character that is not blank, from `at` on.
    fn significant(&self, mut at: usize) -> Option<char> {
        while self.peek_at(at) == Some(' ') {
            at += 1;
        }
        self.peek_at(at)
    }

    fn is_at_end(&self) -> bool {
        self.at >= self.end
    }

    fn text(&self, from: usize, to: usize) -> String {
        self.chars[from..to.min(self.chars.len())].iter().collect()
    }

    /// The part from here to `end`, to be read on its own.
    fn part(&self, end: usize) -> Cursor<'t> {
        Cursor { chars: self.chars, at: self.at, end }
    }

    /// Where the bracket that opens at `at` closes, quoted text left out.
    fn closing(&self, at: usize, open: char, close: char) -> Option<usize> {
        let mut depth = 0usize;
        let mut quote: Option<char> = None;
        let mut position = at;
        while let Some(c) = self.peek_at(position) {
            match quote {
                Some(_) if c == '\\' => position += 1,
                Some(quoted) if c == quoted => quote = None,
                Some(_) => {}
                None if c == '\'' || c == '"' => quote = Some(c),
                None if c == open => depth += 1,
                None if c == close && depth == 1 => return Some(position),
                None if c == close => depth = depth.saturating_sub(1),
                None => {}
            }
            position += 1;
        }
        None
    }
}
