//! Steps: names, brackets, wildcards, scans and functions.

use super::{Budget, Cursor, argument, filter, literal};
use crate::ast::{Argument, Function, FunctionName, Slice, StepKind, Steps};
use crate::error::PathError;

const EXPECTED_IN_BRACKETS: &str =
    "expected an index, a slice such as 0:2, *, a quoted name, a filter such as ?(@.a == 1) or (@.length-1) after [";

/// Reads a whole path, from its `$` or `@` to the cursor's end.
pub(super) fn read_path(cursor: &mut Cursor<'_>, budget: &mut Budget) -> Result<Steps, PathError> {
    if !matches!(cursor.peek(), Some('$' | '@')) {
        return cursor.refuse("a path starts with $ or @");
    }
    cursor.at += 1;
    if !matches!(cursor.peek(), None | Some('.' | '[')) {
        return cursor.refuse("expected . or [ after the root");
    }
    let mut kinds = Vec::new();
    while !cursor.is_at_end() {
        budget.count_step(cursor)?;
        let kind = read_step(cursor, budget, &kinds)?;
        kinds.push(kind);
    }
    if matches!(kinds.last(), Some(StepKind::Scan)) {
        return cursor.refuse("a path may not end with ..; say what to look for, or write ..*");
    }
    invert_function_after_scan(cursor, kinds)
}

fn read_step(cursor: &mut Cursor<'_>, budget: &mut Budget, before: &[StepKind]) -> Result<StepKind, PathError> {
    match cursor.peek() {
        Some('[') => read_brackets(cursor, budget),
        Some('*') => {
            cursor.at += 1;
            Ok(StepKind::Wildcard)
        }
        Some('.') => read_dot(cursor, budget, before),
        _ => read_name_or_function(cursor, budget),
    }
}

fn read_dot(cursor: &mut Cursor<'_>, budget: &mut Budget, before: &[StepKind]) -> Result<StepKind, PathError> {
    let after_scan = matches!(before.last(), Some(StepKind::Scan));
    if after_scan {
        return cursor.refuse("expected a name, *, or [ after ..");
    }
    if cursor.eat_text("..") {
        return Ok(StepKind::Scan);
    }
    cursor.at += 1;
    match cursor.peek() {
        None => cursor.refuse("a path may not end with a dot"),
        Some('[') => read_brackets(cursor, budget),
        Some('*') => {
            cursor.at += 1;
            Ok(StepKind::Wildcard)
        }
        Some(_) => read_name_or_function(cursor, budget),
    }
}

/// A name runs to the next `.`, `[`, `(` or the end, so it may hold a dash, a colon and anything but a blank.
fn read_name_or_function(cursor: &mut Cursor<'_>, budget: &mut Budget) -> Result<StepKind, PathError> {
    let start = cursor.at;
    while let Some(c) = cursor.peek() {
        match c {
            ' ' => return cursor.refuse("a name with a blank stands in brackets and quotes: ['my name']"),
            '.' | '[' => break,
            '(' => {
                let name = cursor.text(start, cursor.at);
                return read_function(cursor, budget, &name);
            }
            _ => cursor.at += 1,
        }
    }
    if cursor.at == start {
        return cursor.refuse("expected a name");
    }
    Ok(StepKind::Name(cursor.text(start, cursor.at)))
}

fn read_function(cursor: &mut Cursor<'_>, budget: &mut Budget, name: &str) -> Result<StepKind, PathError> {
    let Some(function) = FunctionName::named(name) else {
        let known: Vec<&str> = FunctionName::ALL.iter().map(|(name, _)| *name).collect();
        return cursor.refuse(format!("there is no function {name}; there are {}", known.join(", ")));
    };
    let Some(close) = cursor.closing(cursor.at, '(', ')') else {
        return cursor.refuse(format!("the arguments of {name} are not closed with )"));
    };
    cursor.at += 1;
    let mut part = cursor.part(close);
    let mut arguments = budget.nested(&mut part, argument::read_arguments)?;
    match function {
        FunctionName::Index if arguments.is_empty() => return cursor.refuse("index needs a number: index(0)"),
        FunctionName::Length => count_children(cursor, &mut arguments)?,
        _ => {}
    }
    cursor.at = close + 1;
    Ok(StepKind::Function(Function { name: function, arguments }))
}

/// `length($.a)` counts what is in `a`, so the path is asked for the children of `a`.
fn count_children(cursor: &Cursor<'_>, arguments: &mut [Argument]) -> Result<(), PathError> {
    match arguments.first_mut() {
        None => Ok(()),
        Some(Argument::Json(_)) => cursor.refuse("length takes a path: length($.items)"),
        Some(Argument::Path(path)) => {
            if !path.steps.is_empty() && !matches!(path.steps.last().map(|step| &step.kind), Some(StepKind::Function(_))) {
                let kinds = std::mem::take(&mut path.steps).into_iter().map(|step| step.kind);
                *path = Steps::new(kinds.chain([StepKind::Wildcard]).collect());
            }
            Ok(())
        }
    }
}

/// `$..a.sum()` is `$.sum($..a)`: a function at the end of a scan takes all that was found, not each.
fn invert_function_after_scan(cursor: &Cursor<'_>, mut kinds: Vec<StepKind>) -> Result<Steps, PathError> {
    let starts_with_scan = matches!(kinds.first(), Some(StepKind::Scan));
    if !starts_with_scan || !matches!(kinds.last(), Some(StepKind::Function(_))) {
        return Ok(Steps::new(kinds));
    }
    let at = kinds.iter().position(|kind| matches!(kind, StepKind::Function(_))).unwrap_or(kinds.len());
    let rest = kinds.split_off(at);
    let mut rest = rest.into_iter();
    let Some(StepKind::Function(mut function)) = rest.next() else {
        return Ok(Steps::new(kinds));
    };
    if kinds.len() == 1 && function.name != FunctionName::Length {
        return cursor.refuse("expected a name between .. and the function");
    }
    function.arguments = vec![Argument::Path(Steps::new(kinds))];
    if function.name == FunctionName::Length {
        count_children(cursor, &mut function.arguments)?;
    }
    Ok(Steps::new([StepKind::Function(function)].into_iter().chain(rest).collect()))
}

fn read_brackets(cursor: &mut Cursor<'_>, budget: &mut Budget) -> Result<StepKind, PathError> {
    match cursor.significant(cursor.at + 1) {
        Some(quote @ ('\'' | '"')) => read_quoted_names(cursor, quote),
        Some(c) if c.is_ascii_digit() || c == '-' || c == ':' => read_indexes(cursor),
        Some('*') => read_bracketed_wildcard(cursor),
        Some('?') => read_filter(cursor, budget),
        Some('(') => read_script(cursor),
        _ => cursor.refuse(EXPECTED_IN_BRACKETS),
    }
}

fn read_bracketed_wildcard(cursor: &mut Cursor<'_>) -> Result<StepKind, PathError> {
    cursor.at += 1;
    cursor.skip_blanks();
    cursor.at += 1;
    close_bracket(cursor, "expected ] after [*")?;
    Ok(StepKind::Wildcard)
}

fn read_filter(cursor: &mut Cursor<'_>, budget: &mut Budget) -> Result<StepKind, PathError> {
    cursor.at += 1;
    cursor.skip_blanks();
    cursor.at += 1;
    cursor.skip_blanks();
    match cursor.peek() {
        Some('(') => {}
        Some(']' | ',') => {
            return cursor.refuse("a placeholder [?] needs a filter from Java code; write the filter: [?(@.a == 1)]");
        }
        _ => return cursor.refuse("a filter stands in parentheses: [?(@.a == 1)]"),
    }
    let expression = budget.nested(cursor, filter::read_parenthesised)?;
    close_bracket(cursor, "expected ] after the filter's )")?;
    Ok(StepKind::Filter(expression))
}

/// `[(@.length-1)]`, the one script there is: an index counted from the end. Jayway dropped it after 2.0.
fn read_script(cursor: &mut Cursor<'_>) -> Result<StepKind, PathError> {
    let Some(close) = cursor.closing(cursor.at, '[', ']') else {
        return cursor.refuse("the bracket is not closed with ]");
    };
    let script: String = cursor.text(cursor.at + 1, close).chars().filter(|c| *c != ' ').collect();
    let back =
        script.strip_prefix("(@.length-").and_then(|rest| rest.strip_suffix(')')).and_then(|back| back.parse::<i32>().ok());
    match back {
        Some(back) if back > 0 => {
            cursor.at = close + 1;
            Ok(StepKind::Index(-back))
        }
        _ => cursor.refuse("the only script is an index from the end: [(@.length-1)]"),
    }
}

fn read_quoted_names(cursor: &mut Cursor<'_>, quote: char) -> Result<StepKind, PathError> {
    let mut names = Vec::new();
    cursor.at += 1;
    loop {
        cursor.skip_blanks();
        if !cursor.eat(quote) {
            return cursor.refuse(format!("expected a name in {quote}, as the first name is"));
        }
        names.push(literal::read_quoted(cursor, quote)?);
        cursor.skip_blanks();
        if cursor.eat(',') {
            continue;
        }
        close_bracket(cursor, "expected , or ] after a quoted name")?;
        break;
    }
    Ok(match names.len() {
        1 => StepKind::Name(names.swap_remove(0)),
        _ => StepKind::Names(names),
    })
}

fn read_indexes(cursor: &mut Cursor<'_>) -> Result<StepKind, PathError> {
    let start = cursor.at + 1;
    let mut end = start;
    while cursor.peek_at(end).is_some_and(|c| c != ']') {
        end += 1;
    }
    if cursor.peek_at(end).is_none() {
        return cursor.refuse("the bracket is not closed with ]");
    }
    let text = cursor.text(start, end);
    let kind = if text.contains(':') { parse_slice(text.trim_matches(' ')).map(StepKind::Slice) } else { parse_indexes(&text) };
    let Some(kind) = kind else {
        return cursor.refuse(format!("[{text}] is neither an index, a list of indexes nor a slice"));
    };
    cursor.at = end + 1;
    Ok(kind)
}

fn parse_indexes(text: &str) -> Option<StepKind> {
    let mut indexes: Vec<i32> = text.split(',').map(|index| index.trim_matches(' ').parse().ok()).collect::<Option<_>>()?;
    Some(match indexes.len() {
        1 => StepKind::Index(indexes.swap_remove(0)),
        _ => StepKind::Indexes(indexes),
    })
}

/// A third part, the step of other dialects, is read and has no effect, as in Jayway.
fn parse_slice(text: &str) -> Option<Slice> {
    let mut parts = text.split(':').map(|part| match part {
        "" => Some(None),
        _ => part.parse::<i32>().ok().map(Some),
    });
    let (from, to) = (parts.next()??, parts.next()??);
    let steps_are_numbers = parts.all(|part| part.is_some());
    match (from, to) {
        _ if !steps_are_numbers => None,
        (Some(from), Some(to)) => Some(Slice::Between(from, to)),
        (Some(from), None) => Some(Slice::From(from)),
        (None, Some(to)) => Some(Slice::To(to)),
        (None, None) => None,
    }
}

fn close_bracket(cursor: &mut Cursor<'_>, expected: &str) -> Result<(), PathError> {
    cursor.skip_blanks();
    if cursor.eat(']') { Ok(()) } else { cursor.refuse(expected) }
}
