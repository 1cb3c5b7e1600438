//! Text of a definition inside generated code: string literals of each language, comments, XML.
//!
//! A literal is written in printable ASCII, with everything else escaped. A comment keeps letters, digits and harmless
//! punctuation: nothing that could end it, in any of the languages, is left.

/// Longest text in a comment; a name of an API may have any length.
const COMMENT_CHARS_MAX: usize = 300;

/// A literal of JavaScript, TypeScript and JSON. `<` and `>` are escaped too, because the file may be put into a page.
pub(super) fn javascript(text: &str) -> String {
    quoted(text, |character, literal| match character {
        '"' | '\\' => literal.extend(['\\', character]),
        ' '..='~' if !matches!(character, '<' | '>' | '&') => literal.push(character),
        other => push_utf16(other, literal),
    })
}

/// A literal of Python.
pub(super) fn python(text: &str) -> String {
    quoted(text, |character, literal| match character {
        '"' | '\\' => literal.extend(['\\', character]),
        ' '..='~' => literal.push(character),
        other => literal.push_str(&format!("\\U{:08x}", u32::from(other))),
    })
}

/// A literal of Java. Java reads `\u0022` as a quote before it looks for the literal's end, so ASCII is escaped in octal.
pub(super) fn java(text: &str) -> String {
    quoted(text, |character, literal| match character {
        '"' | '\\' => literal.extend(['\\', character]),
        ' '..='~' => literal.push(character),
        other if other.is_ascii() => literal.push_str(&format!("\\{:03o}", u32::from(other))),
        other => push_utf16(other, literal),
    })
}

/// A literal of Ruby, where `#` begins code.
pub(super) fn ruby(text: &str) -> String {
    quoted(text, |character, literal| match character {
        '"' | '\\' | '#' => literal.extend(['\\', character]),
        ' '..='~' => literal.push(character),
        other => literal.push_str(&format!("\\u{{{:x}}}", u32::from(other))),
    })
}

fn quoted(text: &str, escape: impl Fn(char, &mut String)) -> String {
    let mut literal = String::with_capacity(text.len() + 2);
    literal.push('"');
    text.chars().for_each(|character| escape(character, &mut literal));
    literal.push('"');
    literal
}

fn push_utf16(character: char, literal: &mut String) {
    for unit in character.encode_utf16(&mut [0; 2]) {
        literal.push_str(&format!("\\u{unit:04x}"));
    }
}

/// One line of a comment, a docstring or a heading. What could end one, begin a tag or a link, or is not printable is left out.
pub(super) fn comment(text: &str) -> String {
    let harmless = |character: &char| character.is_alphanumeric() || " _-.,:;(){}/+=?%&'".contains(*character);
    text.chars().filter(harmless).take(COMMENT_CHARS_MAX).collect()
}

/// The lines of a licence, each behind `lead`. Unlike [`comment`] it keeps quotes and signs: the words of a licence are its
/// point. What ends a block comment and the backslash, which Java reads even there, are changed.
pub(super) fn licence(text: &str, lead: &str) -> String {
    let harmless = |line: &str| {
        let printable: String = line.chars().filter(|character| !character.is_control() && !is_separator(*character)).collect();
        printable.replace('\\', "/").replace("*/", "* /")
    };
    text.lines().map(|line| format!("{lead}{}\n", harmless(line))).collect()
}

/// Ends a line in some languages, or turns the direction of what follows, without being a control character.
fn is_separator(character: char) -> bool {
    matches!(character, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = "a\"b\\c\n'`${x}#{y}*/--></script>\u{2028}\u{0}é😀\\u0022";

    #[test]
    fn literals_of_each_language() {
        let ending = r#"\\u0022""#;
        assert_eq!(
            javascript(HOSTILE),
            format!(r#""a\"b\\c\u000a'`${{x}}#{{y}}*/--\u003e\u003c/script\u003e\u2028\u0000\u00e9\ud83d\ude00{ending}"#)
        );
        assert_eq!(
            python(HOSTILE),
            format!(r#""a\"b\\c\U0000000a'`${{x}}#{{y}}*/--></script>\U00002028\U00000000\U000000e9\U0001f600{ending}"#)
        );
        assert_eq!(java(HOSTILE), format!(r#""a\"b\\c\012'`${{x}}#{{y}}*/--></script>\u2028\000\u00e9\ud83d\ude00{ending}"#));
        assert_eq!(
            ruby(HOSTILE),
            format!(r#""a\"b\\c\u{{a}}'`${{x}}\#{{y}}*/--></script>\u{{2028}}\u{{0}}\u{{e9}}\u{{1f600}}{ending}"#)
        );
    }

    #[test]
    fn what_is_left_in_a_comment() {
        assert_eq!(comment(HOSTILE), "abc'{x}{y}/--/scriptéu0022");
        assert_eq!(comment("GET /pets/{petId}"), "GET /pets/{petId}");
        assert_eq!(comment(&"x".repeat(1000)).len(), COMMENT_CHARS_MAX);
    }

    #[test]
    fn a_licence_stays_readable_and_inside() {
        assert_eq!(licence("\"AS IS\" (c)\n*/ \\u002a/", " * "), " * \"AS IS\" (c)\n * * / /u002a/\n");
    }
}
