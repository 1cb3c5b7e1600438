//! `#foreach`.

use super::{Eval, Halt, Renderer, from_failed, raise};
use crate::ast::{Expr, Foreach, Pos, Slot};
use crate::error::ErrorKind;
use crate::heap::{Cursor, NoNext, Source};
use crate::value::{IteratorId, ScopeId, Value, View};

/// What a loop goes through: a collection of its own, or an iterator that others may advance too.
enum Items {
    Own(Cursor),
    Shared(IteratorId),
}

/// The variables that a loop sets besides its own, if the template names them.
struct Helpers {
    scope: Option<Slot>,
    count: Option<Slot>,
    has_next: Option<Slot>,
}

impl<'t> Renderer<'t> {
    pub(super) fn foreach(&mut self, foreach: &'t Foreach) -> Eval<()> {
        self.step(foreach.pos)?;
        let Some(items) = self.iterate(foreach)? else { return Ok(()) };
        let helpers = self.helpers();
        let slots = [Some(foreach.variable.slot), helpers.count, helpers.has_next, helpers.scope];
        let saved = slots.map(|slot| slot.map(|slot| self.slots[slot as usize].clone()));
        let scope = helpers.scope.map(|slot| {
            let scope = self.heap.new_scope(self.slots[slot as usize].clone());
            self.slots[slot as usize] = Value::Scope(scope);
            scope
        });
        let result = self.passes(foreach, items, &helpers, scope);
        for (slot, value) in slots.into_iter().zip(saved) {
            if let (Some(slot), Some(value)) = (slot, value) {
                self.slots[slot as usize] = value;
            }
        }
        match result {
            Err(Halt::Break) => Ok(()),
            Err(Halt::BreakScope(broken)) if Some(broken) == scope => Ok(()),
            result => result,
        }
    }

    fn helpers(&self) -> Helpers {
        let slot = |name| self.parsed.names.slot(name);
        Helpers { scope: slot("foreach"), count: slot("velocityCount"), has_next: slot("velocityHasNext") }
    }

    fn passes(&mut self, foreach: &'t Foreach, mut items: Items, helpers: &Helpers, scope: Option<ScopeId>) -> Eval<()> {
        let mut index = 0;
        while index < self.options.limits.foreach_iterations_max && self.has_next(&items) {
            self.step(foreach.pos)?;
            let value = self.next(&mut items, foreach.pos)?;
            let has_next = self.has_next(&items);
            if let Some(slot) = helpers.count {
                self.slots[slot as usize] = Value::count(index as usize + 1);
            }
            if let Some(slot) = helpers.has_next {
                self.slots[slot as usize] = Value::Bool(has_next);
            }
            if let Some(scope) = scope {
                let scope = self.heap.scope_mut(scope);
                (scope.index, scope.has_next) = (index, has_next);
            }
            let is_null = value.is_null();
            self.assign(&foreach.variable, value);
            if is_null {
                self.masked.push(foreach.variable.slot);
            }
            let pass = match foreach.arguments.get(3) {
                None => self.deeper(|renderer| renderer.block(&foreach.body)),
                Some(Expr::Reference(reference)) => self.write_reference(reference),
                Some(_) => Ok(()),
            };
            if is_null {
                self.masked.pop();
            }
            pass?;
            index += 1;
        }
        Ok(())
    }

    /// What can be gone through; a range without making a list of it.
    fn iterate(&mut self, foreach: &'t Foreach) -> Eval<Option<Items>> {
        let iterable = match &foreach.arguments[..] {
            [_, _, iterable, ..] => iterable,
            // Velocity takes the block for what is to be gone through, which has no items.
            [_, _] => return Ok(None),
            _ => {
                let reason = "write it as #foreach($item in $list)".to_owned();
                return Err(raise(ErrorKind::Method { method: "#foreach".to_owned(), reason }, foreach.pos));
            }
        };
        if let Expr::Range { from, to, .. } = iterable {
            return Ok(self.range_bounds(from, to)?.map(|(from, to)| Items::Own(self.heap.cursor(Source::Range { from, to }))));
        }
        let source = match self.value(iterable)? {
            Value::List(id) => Source::List(id),
            Value::Map(id) => Source::View(id, View::Values),
            Value::View(id, view) => Source::View(id, view),
            Value::Scope(id) => Source::View(self.heap.scope(id).variables, View::Values),
            Value::Iterator(id) => return Ok(Some(Items::Shared(id))),
            Value::Object(object) => {
                let items = object.items(self.heap).map_err(|error| from_failed(error.into(), "iterator", foreach.pos))?;
                match items {
                    Some(items) => Source::Items(items.into()),
                    None => return Ok(None),
                }
            }
            _ => return Ok(None),
        };
        Ok(Some(Items::Own(self.heap.cursor(source))))
    }

    fn has_next(&self, items: &Items) -> bool {
        match items {
            Items::Own(cursor) => self.heap.has_next(cursor),
            Items::Shared(id) => self.heap.has_next(self.heap.iterator(*id)),
        }
    }

    fn next(&mut self, items: &mut Items, pos: Pos) -> Eval<Value> {
        let next = match items {
            Items::Own(cursor) => self.heap.advance(cursor),
            Items::Shared(id) => self.heap.iterator_next(*id),
        };
        next.map_err(|error| match error {
            NoNext::Changed | NoNext::AtEnd => raise(ErrorKind::ConcurrentModification, pos),
        })
    }
}
