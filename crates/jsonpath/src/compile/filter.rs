//! What stands in `[?( )]`.
//!
//! ```text
//! any      = all { "||" all }
//! all      = operand { "&&" operand }
//! operand  = "!" operand | "(" any ")" | compare
//! compare  = value [ operator value ]
//! ```

use super::{Budget, Cursor, literal, path, pattern};
use crate::ast::{Expression, Operator, Source, Steps};
use crate::decimal::Decimal;
use crate::error::PathError;

/// One side of a comparison, before it is known whether there is a comparison.
struct Side {
    source: Source,
    /// `!` before a path: it asks for absence, and has no meaning when the path is compared (as in Jayway).
    negated: bool,
}

/// Reads `( any )`.
pub(super) fn read_parenthesised(cursor: &mut Cursor<'_>, budget: &mut Budget) -> Result<Expression, PathError> {
    cursor.at += 1;
    let expression = read_any(cursor, budget)?;
    cursor.skip_blanks();
    if cursor.eat(')') { Ok(expression) } else { cursor.refuse("expected &&, || or ) here") }
}

fn read_any(cursor: &mut Cursor<'_>, budget: &mut Budget) -> Result<Expression, PathError> {
    let mut operands = vec![read_all(cursor, budget)?];
    while eat_logical(cursor, "||") {
        operands.push(read_all(cursor, budget)?);
    }
    Ok(if operands.len() == 1 { operands.swap_remove(0) } else { Expression::Any(operands) })
}

fn read_all(cursor: &mut Cursor<'_>, budget: &mut Budget) -> Result<Expression, PathError> {
    let mut operands = vec![read_operand(cursor, budget)?];
    while eat_logical(cursor, "&&") {
        operands.push(read_operand(cursor, budget)?);
    }
    Ok(if operands.len() == 1 { operands.swap_remove(0) } else { Expression::All(operands) })
}

fn eat_logical(cursor: &mut Cursor<'_>, operator: &str) -> bool {
    cursor.skip_blanks();
    cursor.eat_text(operator)
}

fn read_operand(cursor: &mut Cursor<'_>, budget: &mut Budget) -> Result<Expression, PathError> {
    cursor.skip_blanks();
    match cursor.peek() {
        Some('(') => budget.nested(cursor, read_parenthesised),
        Some('!') if !matches!(cursor.significant(cursor.at + 1), Some('$' | '@')) => {
            cursor.at += 1;
            let operand = budget.nested(cursor, read_operand)?;
            Ok(Expression::Not(Box::new(operand)))
        }
        _ => read_compare(cursor, budget),
    }
}

fn read_compare(cursor: &mut Cursor<'_>, budget: &mut Budget) -> Result<Expression, PathError> {
    let start = cursor.at;
    let left = read_side(cursor, budget)?;
    cursor.skip_blanks();
    if matches!(cursor.peek(), None | Some(')' | '&' | '|')) {
        return match left.source {
            Source::Element(path) | Source::Root { path, .. } => Ok(Expression::Exists { path, expected: !left.negated }),
            _ => {
                cursor.at = start;
                cursor.refuse("a literal on its own says nothing; compare it with a path")
            }
        };
    }
    let operator = read_operator(cursor)?;
    let right = read_side(cursor, budget)?;
    Ok(Expression::Compare { left: left.source, operator, right: right.source })
}

fn read_operator(cursor: &mut Cursor<'_>) -> Result<Operator, PathError> {
    let start = cursor.at;
    let symbolic = cursor.peek().is_some_and(is_operator_char);
    while cursor.peek().is_some_and(|c| if symbolic { is_operator_char(c) } else { c != ' ' }) {
        cursor.at += 1;
    }
    let text = cursor.text(start, cursor.at);
    // `==!@.a`: the negation belongs to what follows.
    let trimmed = if symbolic && text.len() > 2 { text.strip_suffix('!') } else { None };
    if let Some(operator) = Operator::named(&text) {
        return Ok(operator);
    }
    if let Some(operator) = trimmed.and_then(Operator::named) {
        cursor.at -= 1;
        return Ok(operator);
    }
    cursor.at = start;
    cursor.refuse(format!(
        "{text} is not an operator; there are ==, !=, <, <=, >, >=, =~, in, nin, subsetof, anyof, noneof, size, empty and contains, words with a blank on either side"
    ))
}

fn is_operator_char(c: char) -> bool {
    matches!(c, '<' | '>' | '=' | '~' | '!')
}

fn read_side(cursor: &mut Cursor<'_>, budget: &mut Budget) -> Result<Side, PathError> {
    cursor.skip_blanks();
    let negated = cursor.eat('!');
    cursor.skip_blanks();
    let source = match cursor.peek() {
        Some(root @ ('$' | '@')) => {
            let path = read_inner_path(cursor, budget)?;
            if root == '@' { Source::Element(path) } else { Source::Root { path, slot: budget.root_slot() } }
        }
        _ if negated => return cursor.refuse("expected a path after !"),
        _ => read_literal(cursor, budget)?,
    };
    Ok(Side { source, negated })
}

/// A path ends at a blank, an operator or a parenthesis that it did not open.
fn read_inner_path(cursor: &mut Cursor<'_>, budget: &mut Budget) -> Result<Steps, PathError> {
    let mut end = cursor.at + 1;
    while let Some(c) = cursor.peek_at(end) {
        let logical = matches!(c, '&' | '|') && cursor.peek_at(end + 1) == Some(c);
        if matches!(c, ' ' | ')') || is_operator_char(c) || logical {
            break;
        }
        let closing = match c {
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
    let mut part = cursor.part(end);
    let steps = budget.nested(&mut part, path::read_path)?;
    cursor.at = end;
    Ok(steps)
}

fn read_literal(cursor: &mut Cursor<'_>, budget: &mut Budget) -> Result<Source, PathError> {
    match cursor.peek() {
        Some(quote @ ('\'' | '"')) => {
            cursor.at += 1;
            literal::read_quoted(cursor, quote).map(Source::Text)
        }
        Some('[' | '{') => literal::read_json(cursor, budget).map(Source::Json),
        Some('/') => pattern::read_pattern(cursor).map(Source::Pattern),
        Some('t') if cursor.eat_text("true") => Ok(Source::Bool(true)),
        Some('f') if cursor.eat_text("false") => Ok(Source::Bool(false)),
        Some('n') if cursor.eat_text("null") => Ok(Source::Null),
        _ => read_number(cursor),
    }
}

fn read_number(cursor: &mut Cursor<'_>) -> Result<Source, PathError> {
    let start = cursor.at;
    while cursor.peek().is_some_and(|c| c.is_ascii_digit() || matches!(c, '-' | '.' | 'e' | 'E')) {
        cursor.at += 1;
    }
    match Decimal::parse(&cursor.text(start, cursor.at)) {
        Some(number) => Ok(Source::Number(number)),
        None => {
            cursor.at = start;
            cursor.refuse("expected a path, a number, a quoted text, true, false, null, an array, an object or a /pattern/")
        }
    }
}
