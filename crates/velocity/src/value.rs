//! Values that a template works with.
//!
//! Collections live in a [`Heap`](crate::Heap) and are shared, as in Java: a value holds only their number. Nothing is freed
//! before the heap is, so cycles do no harm and no chain of values is ever dropped recursively.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::{Heap, Number};

/// A value: Java's object reference.
#[derive(Debug, Clone, Default)]
pub enum Value {
    /// `null`.
    #[default]
    Null,
    /// `java.lang.Boolean`.
    Bool(bool),
    /// A number of some kind.
    Number(Number),
    /// `java.lang.String`.
    Text(Arc<str>),
    /// `java.lang.Character`: a UTF-16 unit.
    Char(u16),
    /// A list or array in the heap.
    List(ListId),
    /// A map in the heap.
    Map(MapId),
    /// `keySet()`, `values()` or `entrySet()` of a map, alive.
    View(MapId, View),
    /// An entry of a map, by its key.
    Entry(MapId, Arc<Value>),
    /// An iterator in the heap.
    Iterator(IteratorId),
    /// Something of the embedder's.
    Object(Arc<dyn TemplateObject>),
    /// A block that `#define` named.
    Block(BlockId),
    /// What `$foreach` is.
    Scope(ScopeId),
}

/// The number of a list in its heap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ListId(pub(crate) u32);

/// The number of a map in its heap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MapId(pub(crate) u32);

/// The number of an iterator in its heap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct IteratorId(pub(crate) u32);

/// The number of a block in its template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BlockId(pub(crate) u32);

/// The number of a loop's scope in its heap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ScopeId(pub(crate) u32);

/// What a view of a map shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum View {
    /// `keySet()`.
    Keys,
    /// `values()`.
    Values,
    /// `entrySet()`.
    Entries,
}

/// An object of the embedder's, such as `$input`.
///
/// All methods get the heap, to make collections in and to read the arguments from.
pub trait TemplateObject: fmt::Debug + Send + Sync {
    /// The value of `$object.name`, `None` if there is no such property.
    fn property(&self, name: &str, heap: &mut Heap) -> Result<Option<Value>, ObjectError>;

    /// Assigns to `$object.name`. False if there is no such property; then nothing happens.
    fn set_property(&self, _name: &str, _value: Value, _heap: &mut Heap) -> Result<bool, ObjectError> {
        Ok(false)
    }

    /// The result of `$object.method(arguments)`, `None` if there is no such method for these arguments.
    fn call(&self, method: &str, arguments: &[Value], heap: &mut Heap) -> Result<Option<Value>, ObjectError>;

    /// What `#foreach` goes through; `None` if it cannot.
    fn items(&self, _heap: &mut Heap) -> Result<Option<Vec<Value>>, ObjectError> {
        Ok(None)
    }

    /// What `$object` prints: `toString()`.
    fn print(&self, heap: &mut Heap) -> Result<String, ObjectError>;
}

/// Why a property or method of an object failed; it ends the rendering, as an exception does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectError(pub String);

impl Value {
    /// A string.
    pub fn text(text: impl Into<Arc<str>>) -> Self {
        Self::Text(text.into())
    }

    /// An `Integer` if it fits, else a `Long`.
    pub fn integer(value: i64) -> Self {
        Self::Number(i32::try_from(value).map_or(Number::Long(value), Number::Int))
    }

    /// Whether this is `null`.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The string, if this is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn count(count: usize) -> Self {
        Self::Number(Number::Int(i32::try_from(count).unwrap_or(i32::MAX)))
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

impl From<Number> for Value {
    fn from(number: Number) -> Self {
        Self::Number(number)
    }
}

/// A key of a map. Strings, booleans and numbers are equal by value and kind, as in Java; all else by identity, where Java
/// would compare collections by what is in them.
#[derive(Debug, Clone)]
pub(crate) struct Key(pub(crate) Value);

/// A string to look a key up by.
pub(crate) struct TextKey<'a>(pub(crate) &'a str);

impl Hash for TextKey<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl indexmap::Equivalent<Key> for TextKey<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        key.0.as_text() == Some(self.0)
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match &self.0 {
            Value::Text(text) => TextKey(text).hash(state),
            Value::Number(number) => number.java_hash().hash(state),
            Value::Bool(value) => value.hash(state),
            Value::List(id) => id.hash(state),
            Value::Map(id) | Value::View(id, _) | Value::Entry(id, _) => id.hash(state),
            Value::Iterator(IteratorId(id)) | Value::Block(BlockId(id)) | Value::Scope(ScopeId(id)) => id.hash(state),
            Value::Char(unit) => unit.hash(state),
            Value::Null | Value::Object(_) => 0.hash(state),
        }
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Value::Text(a), Value::Text(b)) => a == b,
            (Value::Number(a), Value::Number(b)) => a.equals(b),
            (Value::Entry(a, key), Value::Entry(b, other)) => a == b && Key((**key).clone()) == Key((**other).clone()),
            (a, b) => is_identical(a, b),
        }
    }
}

impl Eq for Key {}

/// `==` of Java, for all that is not compared by value.
pub(crate) fn is_identical(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Null, Value::Null) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Char(a), Value::Char(b)) => a == b,
        (Value::List(a), Value::List(b)) => a == b,
        (Value::Map(a), Value::Map(b)) => a == b,
        (Value::View(a, kind), Value::View(b, other)) => a == b && kind == other,
        (Value::Iterator(a), Value::Iterator(b)) => a == b,
        (Value::Block(a), Value::Block(b)) => a == b,
        (Value::Scope(a), Value::Scope(b)) => a == b,
        (Value::Object(a), Value::Object(b)) => Arc::ptr_eq(a, b),
        _ => false,
    }
}
