//! Finds where in a JSON text a value stands. Runs only when there is something to complain about.

use super::Position;

/// Walks over a text that is known to be JSON. On one that is not it ends, without a place.
pub(super) struct Scanner<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Scanner<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    /// The place of the value under `parts`, or of the last value on the way to it.
    pub(super) fn find(mut self, parts: impl Iterator<Item = String>) -> Option<Position> {
        self.skip_space();
        let mut found = self.at;
        for part in parts {
            if self.enter(&part).is_none() {
                break;
            }
            found = self.at;
        }
        Some(self.position(found))
    }

    fn position(&self, at: usize) -> Position {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Position { line: before.matches('\n').count() + 1, column: before[line_start..].chars().count() + 1 }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    /// Moves to the member or item `part` of the value here.
    fn enter(&mut self, part: &str) -> Option<()> {
        let start = self.at;
        let entered = match self.peek()? {
            b'{' => self.enter_member(part),
            b'[' => self.enter_item(part.parse().ok()?),
            _ => None,
        };
        if entered.is_none() {
            self.at = start;
        }
        entered
    }

    /// The last member of that name is the one that counts.
    fn enter_member(&mut self, name: &str) -> Option<()> {
        let mut found = None;
        self.at += 1;
        loop {
            self.skip_space();
            if self.peek()? == b'}' {
                break;
            }
            let key = self.string()?;
            self.skip_space();
            self.at += 1;
            self.skip_space();
            if serde_json::from_str::<String>(key).is_ok_and(|key| key == name) {
                found = Some(self.at);
            }
            self.skip_value()?;
            self.skip_comma();
        }
        self.at = found?;
        Some(())
    }

    fn enter_item(&mut self, index: usize) -> Option<()> {
        self.at += 1;
        for _ in 0..index {
            self.skip_space();
            self.skip_value()?;
            self.skip_comma();
        }
        self.skip_space();
        (self.peek()? != b']').then_some(())
    }

    fn skip_comma(&mut self) {
        self.skip_space();
        if self.peek() == Some(b',') {
            self.at += 1;
        }
    }

    /// The string here with its quotes; moves past it.
    fn string(&mut self) -> Option<&'t str> {
        let start = self.at;
        self.at += 1;
        loop {
            match self.peek()? {
                b'"' => break,
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        self.text.get(start..self.at)
    }

    fn skip_value(&mut self) -> Option<()> {
        let mut open = 0_usize;
        loop {
            match self.peek()? {
                b'"' => {
                    self.string()?;
                }
                b'{' | b'[' => {
                    open += 1;
                    self.at += 1;
                }
                b'}' | b']' if open > 0 => {
                    open -= 1;
                    self.at += 1;
                }
                b',' | b'}' | b']' if open == 0 => return Some(()),
                _ => self.at += 1,
            }
            if open == 0 && matches!(self.text.as_bytes().get(self.at - 1), Some(b'"' | b'}' | b']')) {
                return Some(());
            }
        }
    }
}
