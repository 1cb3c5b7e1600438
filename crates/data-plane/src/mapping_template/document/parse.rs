//! Reading JSON: strictly but for control characters in strings, which AWS's library takes too, and bounded in depth.
//!
//! Our own, because a number that is wider than 64 bits or a double must keep its digits, and `serde_json` gives them only to the
//! whole program or not at all.

use std::collections::HashMap;

use serde_json::{Map, Number, Value};

use super::{Json, NESTING_MAX, NotJson, address};

/// Characters of a float that AWS's library still reads as a double; of a longer one it keeps all digits.
const DOUBLE_CHARS_MAX: usize = 18;

/// Doubles from here on (nine times ten to the 307) stand for numbers whose text is kept, until the tree is whole: their last bits
/// count those texts. A number that really is so large is among them.
const MARKS_FROM: u64 = 0x7fe0_0000_0000_0000;

/// The largest mark, and the largest double.
const MARKS_TO: u64 = 0x7fef_ffff_ffff_ffff;

/// Bytes of a value, without what it refers to.
const VALUE_BYTES: usize = size_of::<Value>();
/// Bytes that an allocation takes besides what it is for.
const ALLOCATION_BYTES: usize = 16;
/// Bytes of a member besides its value and name: the name's own part, its hash, and its share of the index and of unused room.
const MEMBER_BYTES: usize = VALUE_BYTES / 2 + 64;
/// Bytes that an object with a single member has room for: an index, and two members more.
const FIRST_MEMBER_BYTES: usize = 64 + 2 * (VALUE_BYTES + 32);

/// Parses a text whose tree takes no more than about `bytes_max` of memory.
pub(super) fn parse(text: &str, bytes_max: usize) -> Result<Json, NotJson> {
    let mut parser = Parser { text, at: 0, kept: Vec::new(), bytes_left: bytes_max };
    let root = parser.value(0)?;
    parser.skip_space();
    if parser.at < text.len() {
        return Err(NotJson::Malformed);
    }
    let mut json = Json::plain(root);
    if !parser.kept.is_empty() {
        settle(&mut json.root, &parser.kept, &mut json.exact);
    }
    Ok(json)
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
    /// Numbers whose text is kept.
    kept: Vec<&'t str>,
    /// Bytes of memory that the tree may still take.
    bytes_left: usize,
}

impl<'t> Parser<'t> {
    /// Some texts take a hundred times their length as trees: what would be too large is not begun.
    fn charge(&mut self, bytes: usize) -> Result<(), NotJson> {
        self.bytes_left = self.bytes_left.checked_sub(bytes).ok_or(NotJson::TooLarge)?;
        Ok(())
    }

    fn value(&mut self, depth: usize) -> Result<Value, NotJson> {
        self.charge(VALUE_BYTES)?;
        match self.peek() {
            Some(b'{' | b'[') if depth >= NESTING_MAX => Err(NotJson::TooDeep),
            Some(b'{') => self.object(depth + 1),
            Some(b'[') => self.array(depth + 1),
            Some(b'"') => self.string().map(Value::String),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Null),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => Err(NotJson::Malformed),
        }
    }

    /// Of several members with one name the last counts, in the place of the first: a Java map.
    fn object(&mut self, depth: usize) -> Result<Value, NotJson> {
        self.at += 1;
        let mut members = Map::new();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Value::Object(members));
        }
        self.charge(FIRST_MEMBER_BYTES)?;
        loop {
            self.charge(MEMBER_BYTES)?;
            if self.peek() != Some(b'"') {
                return Err(NotJson::Malformed);
            }
            let name = self.string()?;
            self.take(b':')?;
            let value = self.value(depth)?;
            members.insert(name, value);
            if self.ends(b'}')? {
                return Ok(Value::Object(members));
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<Value, NotJson> {
        self.at += 1;
        let mut items = Vec::new();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Value::Array(items));
        }
        self.charge(ALLOCATION_BYTES)?;
        loop {
            items.push(self.value(depth)?);
            if self.ends(b']')? {
                // Room for four is made at once; of many short arrays most would be room.
                items.shrink_to_fit();
                return Ok(Value::Array(items));
            }
        }
    }

    /// Whether `close` comes, and not a comma.
    fn ends(&mut self, close: u8) -> Result<bool, NotJson> {
        let next = self.peek();
        self.at += 1;
        match next {
            Some(b',') => Ok(false),
            Some(byte) if byte == close => Ok(true),
            _ => Err(NotJson::Malformed),
        }
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, NotJson> {
        if !self.rest().starts_with(word) {
            return Err(NotJson::Malformed);
        }
        self.at += word.len();
        Ok(value)
    }

    fn string(&mut self) -> Result<String, NotJson> {
        self.at += 1;
        self.charge(ALLOCATION_BYTES)?;
        let mut text = String::new();
        loop {
            let rest = self.rest();
            let len = memchr::memchr2(b'"', b'\\', rest.as_bytes()).ok_or(NotJson::Malformed)?;
            self.charge(len)?;
            text.push_str(&rest[..len]);
            let quote = rest.as_bytes().get(len) == Some(&b'"');
            self.at += len + 1;
            if quote {
                return Ok(text);
            }
            text.push(self.escape()?);
        }
    }

    fn escape(&mut self) -> Result<char, NotJson> {
        let kind = self.text.as_bytes().get(self.at).copied();
        self.at += 1;
        Ok(match kind {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(),
            _ => return Err(NotJson::Malformed),
        })
    }

    /// A half of a pair that has no other half is no character: U+FFFD.
    fn unicode(&mut self) -> Result<char, NotJson> {
        let first = self.hex4()?;
        if !(0xd800..0xdc00).contains(&first) || !self.rest().starts_with("\\u") {
            return Ok(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        let back = self.at;
        self.at += 2;
        let second = self.hex4()?;
        if !(0xdc00..0xe000).contains(&second) {
            self.at = back;
            return Ok(char::REPLACEMENT_CHARACTER);
        }
        Ok(char::from_u32(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00)).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn hex4(&mut self) -> Result<u32, NotJson> {
        let digits = self.text.as_bytes().get(self.at..self.at + 4).ok_or(NotJson::Malformed)?;
        let mut code = 0;
        for digit in digits {
            code = code * 16 + char::from(*digit).to_digit(16).ok_or(NotJson::Malformed)?;
        }
        self.at += 4;
        Ok(code)
    }

    fn number(&mut self) -> Result<Value, NotJson> {
        let rest = self.rest();
        let len = number_len(rest.as_bytes()).ok_or(NotJson::Malformed)?;
        let text = &rest[..len];
        self.at += len;
        let is_integer = !text.contains(['.', 'e', 'E']);
        if is_integer && let Ok(value) = text.parse::<i64>() {
            return Ok(Value::Number(value.into()));
        }
        if is_integer && let Ok(value) = text.parse::<u64>() {
            return Ok(Value::Number(value.into()));
        }
        let double: f64 = text.parse().map_err(|_| NotJson::Malformed)?;
        let is_plain = !is_integer && len <= DOUBLE_CHARS_MAX && double.abs() < f64::from_bits(MARKS_FROM);
        let number = if is_plain { double } else { self.mark(text)? };
        Number::from_f64(number).map(Value::Number).ok_or(NotJson::Malformed)
    }

    fn mark(&mut self, text: &'t str) -> Result<f64, NotJson> {
        let bits = MARKS_FROM + self.kept.len() as u64;
        self.charge(ALLOCATION_BYTES + VALUE_BYTES + text.len())?;
        self.kept.push(text);
        if bits <= MARKS_TO { Ok(f64::from_bits(bits)) } else { Err(NotJson::Malformed) }
    }

    fn take(&mut self, expected: u8) -> Result<(), NotJson> {
        if self.peek() != Some(expected) {
            return Err(NotJson::Malformed);
        }
        self.at += 1;
        Ok(())
    }

    /// The next byte behind white space.
    fn peek(&mut self) -> Option<u8> {
        self.skip_space();
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.text.as_bytes().get(self.at) {
            self.at += 1;
        }
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }
}

/// Bytes of the number that `text` begins with: RFC 8259, 6.
fn number_len(text: &[u8]) -> Option<usize> {
    let digits = |at: usize| text.get(at..).unwrap_or_default().iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut at = usize::from(text.first() == Some(&b'-'));
    let whole = digits(at);
    if whole == 0 || (whole > 1 && text.get(at) == Some(&b'0')) {
        return None;
    }
    at += whole;
    if text.get(at) == Some(&b'.') {
        let fraction = digits(at + 1);
        at += if fraction == 0 { return None } else { 1 + fraction };
    }
    if let Some(b'e' | b'E') = text.get(at) {
        let sign = usize::from(matches!(text.get(at + 1), Some(b'+' | b'-')));
        let exponent = digits(at + 1 + sign);
        at += if exponent == 0 { return None } else { 1 + sign + exponent };
    }
    Some(at)
}

/// Puts the nearest double in the place of each mark, and notes its text.
fn settle(value: &mut Value, kept: &[&str], exact: &mut HashMap<usize, Box<str>>) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| settle(item, kept, exact)),
        Value::Object(members) => members.values_mut().for_each(|member| settle(member, kept, exact)),
        Value::Number(number) => {
            let Some(text) = kept_text(number, kept) else { return };
            // What is larger than every double stays the mark, which is about the largest.
            if let Some(nearest) = text.parse().ok().and_then(Number::from_f64) {
                *number = nearest;
            }
            exact.insert(address(value), text.into());
        }
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

fn kept_text<'k>(number: &Number, kept: &[&'k str]) -> Option<&'k str> {
    let bits = number.as_f64().filter(|_| number.is_f64())?.to_bits();
    let index = usize::try_from(bits.checked_sub(MARKS_FROM)?).ok()?;
    kept.get(index).copied()
}
