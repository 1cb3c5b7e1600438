//! What stands between a function's parentheses: paths, and JSON.

use super::{Budget, Cursor, literal, path};
use crate::ast::Argument;
use crate::error::PathError;

/// Reads arguments to the cursor's end.
///
/// Jayway drops an argument that starts with anything else; a path that relied on that would compute something else than it
/// says, so it is refused.
pub(super) fn read_arguments(cursor: &mut Cursor<'_>, budget: &mut Budget) -> Result<Vec<Argument>, PathError> {
    let mut arguments = Vec::new();
    skip_whitespace(cursor);
    while !cursor.is_at_end() {
        arguments.push(match cursor.peek() {
            Some('$' | '@') => read_path_argument(cursor, budget)?,
            Some('{' | '"' | '-' | '0'..='9') => Argument::Json(literal::read_json(cursor, budget)?),
            _ => return cursor.refuse("an argument is a path, a number, a text in \" or an object in {}"),
        });
        skip_whitespace(cursor);
        if cursor.is_at_end() {
            break;
        }
        if !cursor.eat(',') {
            return cursor.refuse("expected , between arguments");
        }
        skip_whitespace(cursor);
        if cursor.is_at_end() {
            return cursor.refuse("expected an argument after ,");
        }
    }
    Ok(arguments)
}

fn read_path_argument(cursor: &mut Cursor<'_>, budget: &mut Budget) -> Result<Argument, PathError> {
    let mut end = cursor.at;
    while let Some(c) = cursor.peek_at(end) {
        let closing = match c {
            ',' => break,
            '[' => cursor.closing(end, '[', ']'),
            '(' => cursor.closing(end, '(', ')'),
            _ => Some(end),
        };
        let Some(closing) = closing else {
            cursor.at = end;
            return cursor.refuse("the bracket is not closed");
        };
        end = closing + 1;
    }
    let next = end;
    while end > cursor.at && cursor.peek_at(end - 1).is_some_and(char::is_whitespace) {
        end -= 1;
    }
    let steps = path::read_path(&mut cursor.part(end), budget)?;
    cursor.at = next;
    Ok(Argument::Path(steps))
}

fn skip_whitespace(cursor: &mut Cursor<'_>) {
    while cursor.peek().is_some_and(|c| matches!(c, ' ' | '\t' | '\n' | '\r')) {
        cursor.at += 1;
    }
}
