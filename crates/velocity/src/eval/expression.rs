//! Expressions and their values.

use super::{Eval, Renderer, from_failed, limit, raise};
use crate::ast::{Chain, Cut, Expr, Link, Operator, Pos};
use crate::error::{ErrorKind, Limit};
use crate::heap::ListStyle;
use crate::number::{self, NoResult};
use crate::value::{Key, Value};
use crate::{Heap, Number};

/// Items of a range that is made into a list.
const RANGE_ITEMS_MAX: usize = 1_000_000;

impl<'t> Renderer<'t> {
    /// The value of an expression.
    pub(crate) fn value(&mut self, expr: &'t Expr) -> Eval<Value> {
        match expr {
            Expr::Number(number) => Ok(Value::Number(number.clone())),
            Expr::Bool(value) => Ok(Value::Bool(*value)),
            Expr::Text { value, .. } => Ok(Value::Text(value.clone())),
            Expr::Template { block, cut, .. } => {
                let mut text = self.captured(Pos(0), |renderer| renderer.deeper(|renderer| renderer.block(block)))?;
                if *cut == Cut::Last {
                    text.pop();
                }
                Ok(Value::text(text))
            }
            Expr::Reference(reference) => self.reference(reference),
            Expr::List(items) => {
                self.step(Pos(0))?;
                let items = items.iter().map(|item| self.value(item)).collect::<Eval<Vec<_>>>()?;
                Ok(self.heap.list(items, ListStyle::Java))
            }
            Expr::Range { pos, from, to } => self.range(*pos, from, to),
            Expr::Map { pos, entries } => {
                self.step(*pos)?;
                let id = self.heap.new_map();
                for (key, value) in entries {
                    let key = self.value(key)?;
                    let value = self.value(value)?;
                    self.heap.put(id, Key(key), value);
                }
                Ok(Value::Map(id))
            }
            Expr::Not(_) => self.holds(expr).map(Value::Bool),
            Expr::Chain(chain) => self.chain(chain),
            Expr::Word(_) => Ok(Value::Null),
        }
    }

    /// What `#if` makes of an expression. Only references, `true`, comparisons and logic can hold; anything else is false, and
    /// not even computed.
    pub(super) fn holds(&mut self, expr: &'t Expr) -> Eval<bool> {
        match expr {
            Expr::Bool(value) => Ok(*value),
            Expr::Reference(reference) => Ok(match self.reference(reference)? {
                Value::Null => false,
                Value::Bool(value) => value,
                _ => true,
            }),
            Expr::Not(operand) => Ok(!self.holds(operand)?),
            Expr::Chain(chain) if chain.links.last().is_some_and(|link| !link.operator.is_arithmetic()) => {
                Ok(matches!(self.chain(chain)?, Value::Bool(true)))
            }
            _ => Ok(false),
        }
    }

    fn chain(&mut self, chain: &'t Chain) -> Eval<Value> {
        let is_logical = chain.links.first().is_some_and(|link| link.operator.is_logical());
        let mut left = match chain.skipped {
            0 if is_logical => Value::Bool(self.holds(&chain.first)?),
            0 => self.value(&chain.first)?,
            _ => Value::Bool(false),
        };
        for link in &chain.links[chain.skipped..] {
            self.step(link.pos)?;
            left = self.link(left, link)?;
        }
        Ok(left)
    }

    fn link(&mut self, left: Value, link: &'t Link) -> Eval<Value> {
        // What is left of a logical operator is itself a comparison, logic or the first operand: see `chain`.
        let holds = match left {
            Value::Bool(holds) => holds,
            _ => !left.is_null(),
        };
        match link.operator {
            Operator::Or => Ok(Value::Bool(holds || self.holds(&link.operand)?)),
            Operator::And => Ok(Value::Bool(holds && self.holds(&link.operand)?)),
            operator if operator.is_arithmetic() => {
                let right = self.value(&link.operand)?;
                self.arithmetic(&left, &right, link)
            }
            operator => {
                let right = self.value(&link.operand)?;
                self.compare(operator, &left, &right, link.pos).map(Value::Bool)
            }
        }
    }

    fn compare(&mut self, operator: Operator, left: &Value, right: &Value, pos: Pos) -> Eval<bool> {
        if matches!(operator, Operator::Equal | Operator::NotEqual) {
            return Ok(self.equal(left, right, pos)? == (operator == Operator::Equal));
        }
        let (Value::Number(left), Value::Number(right)) = (left, right) else { return Ok(false) };
        let ordering = left.compare(right);
        Ok(match operator {
            Operator::Less => ordering.is_lt(),
            Operator::Greater => ordering.is_gt(),
            Operator::LessOrEqual => ordering.is_le(),
            _ => ordering.is_ge(),
        })
    }

    /// Numbers are compared by value, objects of one class by `equals`, all else as text.
    fn equal(&mut self, left: &Value, right: &Value, pos: Pos) -> Eval<bool> {
        match (left, right) {
            (Value::Null, Value::Null) => Ok(true),
            (Value::Null, _) | (_, Value::Null) => Ok(false),
            (Value::Number(left), Value::Number(right)) => Ok(left.compare(right).is_eq()),
            _ if self.same_class(left, right) => self.heap.equals(left, right).map_err(|reached| limit(reached, pos)),
            _ => {
                let left = self.text_of(left, pos)?;
                let right = self.text_of(right, pos)?;
                Ok(left == right)
            }
        }
    }

    fn same_class(&self, left: &Value, right: &Value) -> bool {
        let is_array = |heap: &Heap, id| heap.list_of(id).style == ListStyle::Array;
        match (left, right) {
            (Value::List(a), Value::List(b)) => is_array(self.heap, *a) == is_array(self.heap, *b),
            (Value::View(_, a), Value::View(_, b)) => a == b,
            (a, b) => std::mem::discriminant(a) == std::mem::discriminant(b),
        }
    }

    /// Null where there is no result: something that is no number, or a division by zero.
    fn arithmetic(&mut self, left: &Value, right: &Value, link: &'t Link) -> Eval<Value> {
        if link.operator == Operator::Add && (is_text(left) || is_text(right)) {
            return self.concatenate(left, right, link);
        }
        let (Value::Number(left), Value::Number(right)) = (left, right) else { return Ok(Value::Null) };
        let refused = |reason: &str| Err(raise(ErrorKind::Arithmetic(reason.to_owned()), link.pos));
        match number::compute(link.operator, left, right) {
            Ok(result) => Ok(Value::Number(result)),
            Err(NoResult::DivisionByZero) => Ok(Value::Null),
            Err(NoResult::ModuloOfDecimals) => refused("% does not work on numbers with so many digits"),
            Err(NoResult::TooLarge) => refused("the result has too many digits"),
        }
    }

    /// A null side stands for its own source text.
    fn concatenate(&mut self, left: &Value, right: &Value, link: &'t Link) -> Eval<Value> {
        let mut text = String::new();
        for (side, literal) in [(left, &link.literals.0), (right, &link.literals.1)] {
            match side {
                Value::Null => text.push_str(&literal.0),
                Value::Text(side) => text.push_str(side),
                Value::Block(_) => text.push_str(&self.text_of(side, link.pos)?),
                other => self.heap.print(other, &mut text).map_err(|failed| from_failed(failed, "toString", link.pos))?,
            }
        }
        self.charge(text.len(), link.pos)?;
        Ok(Value::text(text))
    }

    fn charge(&mut self, bytes: usize, pos: Pos) -> Eval<()> {
        let meter = &mut self.heap.meter;
        meter.allocate(bytes).and_then(|()| meter.read_bytes(bytes)).map_err(|reached| limit(reached, pos))
    }

    fn range(&mut self, pos: Pos, from: &'t Expr, to: &'t Expr) -> Eval<Value> {
        let Some((from, to)) = self.range_bounds(from, to)? else { return Ok(Value::Null) };
        let source = crate::heap::Source::Range { from, to };
        if self.heap.length(&source) > RANGE_ITEMS_MAX {
            return Err(limit(Limit::AllocatedBytes, pos));
        }
        let items = self.heap.collect(&source).map_err(|reached| limit(reached, pos))?;
        Ok(self.heap.list(items, ListStyle::Java))
    }

    pub(super) fn range_bounds(&mut self, from: &'t Expr, to: &'t Expr) -> Eval<Option<(i32, i32)>> {
        let from = self.value(from)?;
        let to = self.value(to)?;
        Ok(match (from, to) {
            (Value::Number(from), Value::Number(to)) => Some((Number::to_i32(&from), Number::to_i32(&to))),
            _ => None,
        })
    }
}

fn is_text(value: &Value) -> bool {
    matches!(value, Value::Text(_))
}
