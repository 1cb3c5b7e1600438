//! Files of comma-separated values, as AWS's documentation of the "API key file format" has them: a header, and values that may
//! stand between double or single quotes.

/// Values of a row that are kept: several times the columns that a file can have. Each takes more memory than text, and a row of
/// commas alone would have millions.
const VALUES_MAX: usize = 64;

/// One row of values, with the number of the line it began on.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) line: usize,
    pub(super) values: Vec<String>,
}

/// The rows of a file as they are asked for, blank lines left out. A quote that is never closed ends with the file.
pub(super) fn rows(text: &str) -> impl Iterator<Item = Row> {
    let mut reader = Reader { rest: text.strip_prefix('\u{feff}').unwrap_or(text), line: 1 };
    let all = std::iter::from_fn(move || {
        let line = reader.line;
        (!reader.rest.is_empty()).then(|| Row { line, values: reader.row() })
    });
    all.filter(|row| row.values.iter().any(|value| !value.is_empty()))
}

struct Reader<'a> {
    rest: &'a str,
    line: usize,
}

impl Reader<'_> {
    /// The values up to the end of the line, and past it.
    fn row(&mut self) -> Vec<String> {
        let mut values = Vec::new();
        loop {
            let value = self.value();
            if values.len() < VALUES_MAX {
                values.push(value);
            }
            match self.next() {
                Some(',') => {}
                _ => return values,
            }
        }
    }

    /// One value; what follows is a comma, a line's end or nothing.
    fn value(&mut self) -> String {
        self.rest = self.rest.trim_start_matches([' ', '\t']);
        match self.rest.chars().next() {
            Some(quote @ ('"' | '\'')) => {
                self.next();
                let mut value = self.quoted(quote);
                value.push_str(self.plain().trim_end());
                value
            }
            _ => self.plain().trim_end().to_owned(),
        }
    }

    fn plain(&mut self) -> &str {
        let end = self.rest.find([',', '\n']).unwrap_or(self.rest.len());
        let (value, rest) = self.rest.split_at(end);
        self.rest = rest;
        value
    }

    /// Up to the closing quote; a doubled one stands for itself.
    fn quoted(&mut self, quote: char) -> String {
        let mut value = String::new();
        while let Some(next) = self.next() {
            if next == quote {
                if !self.rest.starts_with(quote) {
                    break;
                }
                self.next();
            }
            value.push(next);
        }
        value
    }

    fn next(&mut self) -> Option<char> {
        let mut characters = self.rest.chars();
        let next = characters.next()?;
        self.rest = characters.as_str();
        self.line += usize::from(next == '\n');
        Some(next)
    }
}

#[cfg(test)]
mod tests {
    use super::rows;
    use proptest::prelude::*;

    fn values(text: &str) -> Vec<Vec<String>> {
        rows(text).map(|row| row.values).collect()
    }

    #[test]
    fn values_with_and_without_quotes() {
        let cases: [(&str, &[&[&str]]); 9] = [
            ("", &[]),
            ("\n\r\n , \n", &[]),
            ("a,b\r\nc,d", &[&["a", "b"], &["c", "d"]]),
            ("\u{feff}a, b ,\n", &[&["a", "b", ""]]),
            ("\"a,b\",'c,d'", &[&["a,b", "c,d"]]),
            ("\"a\"\"b\",'it''s'", &[&["a\"b", "it's"]]),
            ("\"a\nb\",c", &[&["a\nb", "c"]]),
            ("a\"b,c'd", &[&["a\"b", "c'd"]]),
            ("\"open,\nto the end", &[&["open,\nto the end"]]),
        ];
        for (text, wanted) in cases {
            assert_eq!(values(text), wanted, "{text:?}");
        }
    }

    #[test]
    fn rows_know_their_lines() {
        let lines: Vec<usize> = rows("a\n\n\"b\nc\"\nd").map(|row| row.line).collect();
        assert_eq!(lines, [1, 3, 5]);
    }

    #[test]
    fn a_row_of_commas_takes_no_memory() {
        let read = values(&format!("a{}\nb", ",c".repeat(1_000)));
        assert_eq!(read.iter().map(Vec::len).collect::<Vec<_>>(), [super::VALUES_MAX, 1]);
    }

    proptest! {
        #[test]
        fn any_text_ends(text in "[a,\"'\n\r \u{e4}]{0,64}") {
            rows(&text).count();
        }

        #[test]
        fn what_is_quoted_comes_back(given in proptest::collection::vec("[a-c,\"'\n ]{1,8}", 1..5)) {
            let line: Vec<String> = given.iter().map(|value| format!("\"{}\"", value.replace('"', "\"\""))).collect();
            prop_assert_eq!(values(&line.join(",")), vec![given]);
        }
    }
}
