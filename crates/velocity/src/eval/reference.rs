//! References: reading, writing out and assigning to them.

use super::{Eval, Renderer, from_failed, limit, raise};
use crate::Number;
use crate::ast::{Expr, Literal, Notation, Part, Pos, Reference};
use crate::error::ErrorKind;
use crate::methods::{self, Outcome};
use crate::value::{Key, Value};

impl<'t> Renderer<'t> {
    /// The value of a reference; what leads nowhere is null, or what stands for it.
    pub(super) fn reference(&mut self, reference: &'t Reference) -> Eval<Value> {
        self.step(reference.pos)?;
        if matches!(reference.notation, Notation::Bare | Notation::Text) {
            return Ok(Value::Null);
        }
        let mut value = self.variable(&reference.root).clone();
        for part in &reference.parts {
            if value.is_null() {
                break;
            }
            value = self.part(&value, part)?;
        }
        Ok(if value.is_null() { self.unresolved() } else { value })
    }

    fn part(&mut self, value: &Value, part: &'t Part) -> Eval<Value> {
        match part {
            Part::Property { pos, name } => {
                let outcome = methods::property(self.heap, value, name);
                Ok(self.outcome(outcome, name, *pos)?.unwrap_or_default())
            }
            Part::Method { pos, name, arguments } => {
                let arguments = arguments.iter().map(|argument| self.value(argument)).collect::<Eval<Vec<_>>>()?;
                self.call(value, name, &arguments, *pos).map(Option::unwrap_or_default)
            }
            Part::Index { pos, index } => {
                let index = self.value(index)?;
                let index = self.counted_from_end(value, index, *pos)?;
                self.call(value, "get", &[index], *pos).map(Option::unwrap_or_default)
            }
        }
    }

    /// Calls a method; `None` if there is none for such arguments.
    fn call(&mut self, value: &Value, name: &str, arguments: &[Value], pos: Pos) -> Eval<Option<Value>> {
        self.step(pos)?;
        if let Value::Block(_) = value {
            return match (name, arguments) {
                ("toString", []) => self.text_of(value, pos).map(|text| Some(Value::Text(text))),
                _ => Ok(None),
            };
        }
        let outcome = methods::call(self.heap, value, name, arguments);
        self.outcome(outcome, name, pos)
    }

    fn outcome(&mut self, outcome: Outcome, name: &str, pos: Pos) -> Eval<Option<Value>> {
        outcome.map_err(|failure| match failure {
            methods::Failure::Limit(reached) => limit(reached, pos),
            methods::Failure::Changed => raise(ErrorKind::ConcurrentModification, pos),
            methods::Failure::Thrown(reason) => raise(ErrorKind::Method { method: name.to_owned(), reason }, pos),
        })
    }

    /// `[-1]` is the last item of whatever has a size; of anything else it is an error.
    fn counted_from_end(&mut self, value: &Value, index: Value, pos: Pos) -> Eval<Value> {
        let Value::Number(Number::Int(at @ ..0)) = index else { return Ok(index) };
        match self.call(value, "size", &[], pos)? {
            Some(Value::Number(Number::Int(size))) => Ok(Value::Number(Number::Int(at.wrapping_add(size)))),
            _ => {
                let reason = "a negative index needs something that has a size()".to_owned();
                Err(raise(ErrorKind::Method { method: "get".to_owned(), reason }, pos))
            }
        }
    }

    pub(super) fn write_reference(&mut self, reference: &'t Reference) -> Eval<()> {
        let Literal(literal) = &reference.literal;
        match reference.notation {
            Notation::Plain => {}
            Notation::Bare => return self.write(literal, reference.pos),
            Notation::Text => {
                // It names no variable, so it leads nowhere.
                let text = if self.unresolved().is_null() { literal } else { "" };
                return self.write(text, reference.pos);
            }
            Notation::Escaped => {
                let value = self.reference(reference)?;
                self.write(&reference.backslashes, reference.pos)?;
                self.write(if value.is_null() { "\\" } else { "" }, reference.pos)?;
                return self.write(literal, reference.pos);
            }
        }
        let value = self.reference(reference)?;
        if let Value::Block(id) = value {
            // Velocity renders a block before it writes anything else of the reference.
            if !self.defined(id)? {
                self.out.push_str(&reference.prefix);
                self.out.push_str(literal);
            }
            return self.check_output(reference.pos);
        }
        self.out.push_str(&reference.backslashes);
        if value.is_null() {
            self.out.push_str(&reference.backslashes);
            self.out.push_str(&reference.prefix);
            self.out.push_str(literal);
        } else {
            self.out.push_str(&reference.prefix);
            self.heap.print(&value, &mut self.out).map_err(|failed| from_failed(failed, "toString", reference.pos))?;
        }
        self.check_output(reference.pos)
    }

    /// Assigns, or does nothing where there is nothing to assign to.
    pub(super) fn assign_reference(&mut self, target: &'t Reference, value: Value) -> Eval<()> {
        self.step(target.pos)?;
        let Some((last, parts)) = target.parts.split_last() else {
            // `#set(${x} = 1)` and `#set($!x = 1)` set variables called `{` and `!x`, which nothing can read.
            if target.lead.ends_with('$') {
                self.assign(&target.root, value);
            }
            return Ok(());
        };
        let mut object = self.variable(&target.root).clone();
        for part in parts {
            if object.is_null() {
                return Ok(());
            }
            object = self.part(&object, part)?;
        }
        match last {
            Part::Property { pos, name } => self.assign_property(&object, name, value, *pos),
            Part::Index { pos, index } => self.assign_index(&object, index, value, *pos),
            Part::Method { .. } => Ok(()),
        }
    }

    fn assign_property(&mut self, object: &Value, name: &std::sync::Arc<str>, value: Value, pos: Pos) -> Eval<()> {
        match object {
            Value::Map(id) => drop(self.heap.put(*id, Key(Value::Text(name.clone())), value)),
            Value::Scope(id) => {
                let variables = self.heap.scope(*id).variables;
                self.heap.put(variables, Key(Value::Text(name.clone())), value);
            }
            Value::Entry(id, key) if &**name == "value" => drop(self.heap.put(*id, Key((**key).clone()), value)),
            Value::Object(object) => {
                object.set_property(name, value, self.heap).map_err(|error| from_failed(error.into(), name, pos))?;
            }
            _ => {}
        }
        Ok(())
    }

    /// `set(index, value)` if there is such a method, else `put(index, value)`.
    fn assign_index(&mut self, object: &Value, index: &'t Expr, value: Value, pos: Pos) -> Eval<()> {
        let index = self.value(index)?;
        let index = self.counted_from_end(object, index, pos)?;
        if let (Value::Object(object), Value::Text(name)) = (object, &index) {
            object.set_property(name, value, self.heap).map_err(|error| from_failed(error.into(), name, pos))?;
            return Ok(());
        }
        let method = if matches!(object, Value::List(_)) { "set" } else { "put" };
        self.call(object, method, &[index, value], pos).map(drop)
    }
}
