//! Methods that take a regular expression.
//!
//! Java's syntax is turned into that of a matcher that takes linear time. What such a matcher cannot do, such as looking around and
//! back-references, is refused.

use std::collections::HashMap;
use std::sync::Arc;

use postern_java_regex::{Dialect, translate};
use regex::{Captures, Regex, RegexBuilder};

use super::{Failure, Outcome, some, thrown};
use crate::Heap;
use crate::budget::ITEM_BYTES;
use crate::heap::ListStyle;
use crate::value::Value;

/// Memory of one compiled pattern.
const COMPILED_BYTES_MAX: usize = 1 << 20;

/// Groups within groups.
const NESTING_MAX: u32 = 50;

/// Patterns that one rendering keeps; loops use the same ones again and again.
const PATTERNS_MAX: usize = 64;

/// Bytes of a pattern; what a pattern costs to compile and to match grows with it.
const PATTERN_BYTES_MAX: usize = 10_000;

/// Steps that compiling one byte of a pattern counts for.
const COMPILE_STEPS_PER_BYTE: u64 = 20;

/// Bytes of a pattern that make matching a byte twice as expensive.
const MATCH_PATTERN_BYTES: usize = 16;

/// What of a text a pattern has to match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Extent {
    Part,
    Whole,
}

/// Compiled patterns by their Java text.
type Compiled = HashMap<(Extent, Arc<str>), Arc<Regex>>;

/// The patterns that a template writes out, compiled with it.
#[derive(Debug, Default)]
pub(crate) struct Precompiled(Compiled);

impl Precompiled {
    /// Compiles what a method of this name will ask for. What cannot be compiled is an error only if it is used.
    pub(crate) fn add(&mut self, method: &str, pattern: &Arc<str>) {
        let extent = match method {
            "matches" => Extent::Whole,
            "split" | "replaceAll" | "replaceFirst" => Extent::Part,
            _ => return,
        };
        if self.0.len() < PATTERNS_MAX
            && let Ok(regex) = compile(pattern, extent)
        {
            self.0.insert((extent, pattern.clone()), regex);
        }
    }
}

/// The compiled patterns of one rendering.
#[derive(Debug, Default)]
pub(crate) struct Patterns {
    precompiled: Arc<Precompiled>,
    own: Compiled,
}

impl Patterns {
    pub(crate) fn of_template(precompiled: &Arc<Precompiled>) -> Self {
        Self { precompiled: precompiled.clone(), own: HashMap::new() }
    }
}

fn compiled(heap: &mut Heap, pattern: &Arc<str>, extent: Extent, text: &str) -> Result<Arc<Regex>, Failure> {
    heap.meter.read_bytes(text.len().saturating_mul(1 + pattern.len() / MATCH_PATTERN_BYTES))?;
    let key = (extent, pattern.clone());
    let patterns = &mut heap.patterns;
    if let Some(regex) = patterns.precompiled.0.get(&key).or_else(|| patterns.own.get(&key)) {
        return Ok(regex.clone());
    }
    heap.meter.work(COMPILE_STEPS_PER_BYTE * (1 + pattern.len() as u64))?;
    let regex = compile(pattern, extent).map_err(thrown)?;
    if patterns.own.len() >= PATTERNS_MAX {
        patterns.own.clear();
    }
    patterns.own.insert(key, regex.clone());
    Ok(regex)
}

fn compile(pattern: &str, extent: Extent) -> Result<Arc<Regex>, String> {
    if pattern.len() > PATTERN_BYTES_MAX {
        return Err(format!("a regular expression may have {PATTERN_BYTES_MAX} bytes at most"));
    }
    let translated = translate(pattern, Dialect::Linear).map_err(|error| format!("{pattern} cannot be used: {error}"))?;
    let translated = match extent {
        Extent::Part => translated,
        Extent::Whole => format!("\\A(?:{translated})\\z"),
    };
    RegexBuilder::new(&translated)
        .size_limit(COMPILED_BYTES_MAX)
        .dfa_size_limit(COMPILED_BYTES_MAX)
        .nest_limit(NESTING_MAX)
        .build()
        .map(Arc::new)
        .map_err(|error| format!("the regular expression {pattern} is not supported: {error}"))
}

/// Whether the whole string matches.
pub(super) fn matches(heap: &mut Heap, text: &str, pattern: &Arc<str>) -> Outcome {
    some(compiled(heap, pattern, Extent::Whole, text)?.is_match(text))
}

/// The matches in a text, one after another as Java's `find` goes on: also with an empty match where the last one ended.
fn finds<'t>(regex: &Regex, text: &'t str) -> impl Iterator<Item = Captures<'t>> {
    let mut next = Some(0);
    std::iter::from_fn(move || {
        let captures = regex.captures_at(text, next.take()?)?;
        let found = captures.get(0)?;
        next = if found.is_empty() {
            text[found.end()..].chars().next().map(|passed| found.end() + passed.len_utf8())
        } else {
            Some(found.end())
        };
        Some(captures)
    })
}

/// Pieces between matches. A limit above zero bounds their number; zero drops empty ones at the end.
pub(super) fn split(heap: &mut Heap, text: &str, pattern: &Arc<str>, limit: i32) -> Outcome {
    let regex = compiled(heap, pattern, Extent::Part, text)?;
    let most = usize::try_from(limit).ok().filter(|limit| *limit > 0).unwrap_or(usize::MAX);
    let mut pieces: Vec<&str> = Vec::new();
    let mut start = 0;
    for captures in finds(&regex, text) {
        let Some(found) = captures.get(0) else { continue };
        if pieces.len() + 1 >= most {
            break;
        }
        heap.meter.step()?;
        // A match of nothing at the beginning splits nothing off.
        if found.end() > 0 {
            pieces.push(&text[start..found.start()]);
            start = found.end();
        }
    }
    let has_matched = !pieces.is_empty();
    pieces.push(&text[start..]);
    if limit == 0 && has_matched {
        while pieces.last().is_some_and(|piece| piece.is_empty()) {
            pieces.pop();
        }
    }
    heap.meter.allocate(text.len() + pieces.len() * 2 * ITEM_BYTES)?;
    let pieces = pieces.into_iter().map(Value::text).collect();
    some(heap.list(pieces, ListStyle::Array))
}

/// Replaces up to `most` matches; `$1` and `${name}` in the replacement are groups.
pub(super) fn replace(heap: &mut Heap, text: &str, pattern: &Arc<str>, replacement: &str, most: usize) -> Outcome {
    let regex = compiled(heap, pattern, Extent::Part, text)?;
    let pieces = replacement_pieces(replacement, &regex);
    let mut out = String::new();
    let mut start = 0;
    for captures in finds(&regex, text).take(most) {
        let Some(whole) = captures.get(0) else { continue };
        out.push_str(&text[start..whole.start()]);
        start = whole.end();
        for piece in pieces.as_ref().map_err(|reason| thrown(reason.clone()))? {
            append(piece, &captures, &mut out);
        }
        heap.meter.step()?;
        heap.meter.check_text(out.len())?;
    }
    out.push_str(&text[start..]);
    heap.meter.allocate(out.len())?;
    some(out)
}

enum Piece {
    Text(String),
    Group(usize),
    Named(String),
}

fn append(piece: &Piece, captures: &Captures<'_>, out: &mut String) {
    match piece {
        Piece::Text(text) => out.push_str(text),
        Piece::Group(index) => out.push_str(captures.get(*index).map_or("", |found| found.as_str())),
        Piece::Named(name) => out.push_str(captures.name(name).map_or("", |found| found.as_str())),
    }
}

/// A backslash quotes; a dollar must name a group. Wrong ones only matter if there is a match.
fn replacement_pieces(replacement: &str, regex: &Regex) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut text = String::new();
    let mut rest = replacement.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\\' => text.push(rest.next().ok_or("character to be escaped is missing")?),
            '$' => {
                pieces.push(Piece::Text(std::mem::take(&mut text)));
                pieces.push(group(&mut rest, regex)?);
            }
            c => text.push(c),
        }
    }
    pieces.push(Piece::Text(text));
    Ok(pieces)
}

/// As many digits as still name a group, or a name in braces.
fn group(rest: &mut std::iter::Peekable<std::str::Chars<'_>>, regex: &Regex) -> Result<Piece, String> {
    let groups = regex.captures_len() - 1;
    if rest.next_if_eq(&'{').is_some() {
        let name: String = std::iter::from_fn(|| rest.next_if(char::is_ascii_alphanumeric)).collect();
        let is_known = regex.capture_names().flatten().any(|known| known == name);
        return match rest.next() {
            Some('}') if is_known => Ok(Piece::Named(name)),
            Some('}') => Err(format!("No group with name {{{name}}}")),
            _ => Err("named capturing group is missing trailing '}'".to_owned()),
        };
    }
    let first = rest.next_if(char::is_ascii_digit).ok_or("Illegal group reference; write \\$ for a dollar")?;
    let mut number = first.to_digit(10).unwrap_or(0) as usize;
    if number > groups {
        return Err(format!("No group {number}"));
    }
    while let Some(digit) = rest.peek().and_then(|c| c.to_digit(10)) {
        let longer = number * 10 + digit as usize;
        if longer > groups {
            break;
        }
        number = longer;
        rest.next();
    }
    Ok(Piece::Group(number))
}
