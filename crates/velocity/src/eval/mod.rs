//! Rendering: a walk over the parsed template.

mod expression;
mod foreach;
mod reference;

use crate::ast::{Block, Expr, If, Name, Node, Pos, Set, Slot};
use crate::error::{ErrorKind, Limit};
use crate::heap::Heap;
use crate::java::Failed;
use crate::options::{Options, Unresolved};
use crate::parser::Parsed;
use crate::value::{BlockId, ScopeId, Value};

/// An error and where it happened.
pub(crate) struct Raised {
    pub(crate) kind: ErrorKind,
    pub(crate) pos: Pos,
}

/// What ends the rendering of a block early.
pub(crate) enum Halt {
    Raised(Raised),
    /// `#break`: the innermost loop or `#define`.
    Break,
    /// `#break($foreach)`: the loop with this scope.
    BreakScope(ScopeId),
    /// `#stop`: the template.
    Stop,
}

pub(crate) type Eval<T> = Result<T, Halt>;

/// How deep a block may use itself before it is left out, which is Velocity's default.
const DEFINE_DEPTH_MAX: u8 = 2;

pub(crate) struct Renderer<'t> {
    pub(crate) parsed: &'t Parsed,
    pub(crate) options: &'t Options,
    pub(crate) heap: &'t mut Heap,
    slots: Vec<Value>,
    out: String,
    depth: u32,
    /// Variables of loops around here whose items are null just now: they stay null whatever is assigned to them.
    masked: Vec<Slot>,
    /// How deep each block is in itself.
    define_depths: Vec<u8>,
}

impl<'t> Renderer<'t> {
    pub(crate) fn new(parsed: &'t Parsed, options: &'t Options, heap: &'t mut Heap, slots: Vec<Value>) -> Self {
        let define_depths = vec![0; parsed.defines.len()];
        Self { parsed, options, heap, slots, out: String::new(), depth: 0, masked: Vec::new(), define_depths }
    }

    pub(crate) fn run(mut self) -> Result<String, Raised> {
        let parsed = self.parsed;
        match self.block(&parsed.body) {
            // Outside of a loop, #break ends the template.
            Ok(()) | Err(Halt::Break | Halt::BreakScope(_) | Halt::Stop) => Ok(self.out),
            Err(Halt::Raised(raised)) => Err(raised),
        }
    }

    fn block(&mut self, block: &'t Block) -> Eval<()> {
        block.iter().try_for_each(|node| self.node(node))
    }

    fn node(&mut self, node: &'t Node) -> Eval<()> {
        match node {
            Node::Text(text) => self.write(&text.rendered, Pos(0)),
            Node::Reference(reference) => self.write_reference(reference),
            Node::Set(set) => self.set(set),
            Node::If(conditional) => self.conditional(conditional),
            Node::Foreach(foreach) => self.foreach(foreach),
            Node::Define { name, block, .. } => {
                self.assign(name, Value::Block(BlockId(*block)));
                Ok(())
            }
            Node::Break { arguments, .. } => self.break_out(arguments),
            Node::Stop { .. } => Err(Halt::Stop),
            Node::Macro { .. } => Ok(()),
        }
    }

    fn conditional(&mut self, conditional: &'t If) -> Eval<()> {
        for (condition, block) in &conditional.branches {
            if self.holds(condition)? {
                return self.deeper(|renderer| renderer.block(block));
            }
        }
        match &conditional.otherwise {
            Some(block) => self.deeper(|renderer| renderer.block(block)),
            None => Ok(()),
        }
    }

    /// Null on the right changes nothing.
    fn set(&mut self, set: &'t Set) -> Eval<()> {
        let value = self.value(&set.value)?;
        if value.is_null() {
            return Ok(());
        }
        self.assign_reference(&set.target, value)
    }

    fn break_out(&mut self, arguments: &'t [Expr]) -> Eval<()> {
        let [expr] = arguments else { return Err(Halt::Break) };
        match self.value(expr)? {
            Value::Scope(id) => Err(Halt::BreakScope(id)),
            _ => {
                let pos = match expr {
                    Expr::Reference(reference) => reference.pos,
                    _ => Pos(0),
                };
                let reason = "its argument must be $foreach or $foreach.parent".to_owned();
                Err(raise(ErrorKind::Method { method: "#break".to_owned(), reason }, pos))
            }
        }
    }

    fn variable(&self, name: &Name) -> &Value {
        &self.slots[name.slot as usize]
    }

    fn assign(&mut self, name: &Name, value: Value) {
        if self.masked.contains(&name.slot) {
            return;
        }
        self.slots[name.slot as usize] = value;
    }

    fn write(&mut self, text: &str, pos: Pos) -> Eval<()> {
        self.step(pos)?;
        self.out.push_str(text);
        self.check_output(pos)
    }

    fn check_output(&mut self, pos: Pos) -> Eval<()> {
        if self.out.len() > self.options.limits.output_bytes_max { Err(limit(Limit::OutputBytes, pos)) } else { Ok(()) }
    }

    fn step(&mut self, pos: Pos) -> Eval<()> {
        self.heap.meter.step().map_err(|reached| limit(reached, pos))
    }

    /// What is rendered by `render`, as a string of its own.
    fn captured(&mut self, pos: Pos, render: impl FnOnce(&mut Self) -> Eval<()>) -> Eval<String> {
        let outer = std::mem::take(&mut self.out);
        let result = render(self);
        let text = std::mem::replace(&mut self.out, outer);
        result?;
        self.heap.meter.allocate(text.len()).map_err(|reached| limit(reached, pos))?;
        Ok(text)
    }

    /// One level of blocks inside blocks. The template's own nesting is bounded when it is parsed; `#define` can go round.
    fn deeper<T>(&mut self, render: impl FnOnce(&mut Self) -> Eval<T>) -> Eval<T> {
        if self.depth >= self.options.limits.nesting_max {
            return Err(limit(Limit::Nesting, Pos(0)));
        }
        self.depth += 1;
        let result = render(self);
        self.depth -= 1;
        result
    }

    /// Renders a block that `#define` named. False if it is too deep in itself, and nothing was written.
    fn defined(&mut self, BlockId(index): BlockId) -> Eval<bool> {
        let parsed = self.parsed;
        let index = index as usize;
        if self.define_depths[index] >= DEFINE_DEPTH_MAX {
            return Ok(false);
        }
        self.define_depths[index] += 1;
        let result = self.deeper(|renderer| renderer.block(&parsed.defines[index]));
        self.define_depths[index] -= 1;
        match result {
            Ok(()) | Err(Halt::Break) => Ok(true),
            Err(halt) => Err(halt),
        }
    }

    /// `toString()`.
    pub(crate) fn text_of(&mut self, value: &Value, pos: Pos) -> Eval<std::sync::Arc<str>> {
        if let Value::Text(text) = value {
            return Ok(text.clone());
        }
        if let Value::Block(id) = value {
            return Ok(self.captured(pos, |renderer| renderer.defined(*id).map(drop))?.into());
        }
        let mut text = String::new();
        self.heap.print(value, &mut text).map_err(|failed| from_failed(failed, "toString", pos))?;
        self.heap.meter.allocate(text.len()).map_err(|reached| limit(reached, pos))?;
        Ok(text.into())
    }

    /// Null, or what stands for it.
    fn unresolved(&self) -> Value {
        match self.options.unresolved {
            Unresolved::Literal => Value::Null,
            Unresolved::EmptyString => Value::text(""),
        }
    }
}

pub(crate) fn raise(kind: ErrorKind, pos: Pos) -> Halt {
    Halt::Raised(Raised { kind, pos })
}

pub(crate) fn limit(limit: Limit, pos: Pos) -> Halt {
    raise(ErrorKind::Limit(limit), pos)
}

pub(crate) fn from_failed(failed: Failed, method: &str, pos: Pos) -> Halt {
    match failed {
        Failed::Limit(reached) => limit(reached, pos),
        Failed::Object(error) => raise(ErrorKind::Method { method: method.to_owned(), reason: error.0 }, pos),
    }
}
