//! Where the collections of one rendering live.

use std::sync::Arc;

use crate::budget::{COLLECTION_BYTES, ITEM_BYTES, Meter};
use crate::entries::Entries;
use crate::error::Limit;
use crate::methods::{self, Patterns};
use crate::options::Limits;
use crate::value::{IteratorId, Key, ListId, MapId, ObjectError, ScopeId, TextKey, Value, View};

/// The collections of one rendering, and the meter of what it does. Values with collections are only good for the heap that
/// they were made in.
#[derive(Debug)]
pub struct Heap {
    lists: Vec<List>,
    maps: Vec<Map>,
    iterators: Vec<Cursor>,
    scopes: Vec<Scope>,
    pub(crate) patterns: Patterns,
    pub(crate) meter: Meter,
}

/// How a list prints, and whether it is a list at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListStyle {
    /// `java.util.ArrayList`: `[a, b]`.
    Java,
    /// The list of the JSON library, which prints as JSON: `["a","b"]`.
    Json,
    /// A Java array; it prints as its type and a number.
    Array,
}

#[derive(Debug)]
pub(crate) struct List {
    pub(crate) items: Vec<Value>,
    pub(crate) style: ListStyle,
    /// How often it has grown or shrunk.
    pub(crate) changes: u32,
}

/// A `java.util.LinkedHashMap`.
#[derive(Debug, Default)]
pub(crate) struct Map {
    pub(crate) entries: Entries,
    /// How often it has grown or shrunk.
    pub(crate) changes: u32,
}

/// A loop's own variables.
#[derive(Debug)]
pub(crate) struct Scope {
    /// Passes before this one.
    pub(crate) index: u32,
    pub(crate) has_next: bool,
    /// What the loop around it is, or what else `$foreach` was.
    pub(crate) parent: Value,
    pub(crate) variables: MapId,
}

/// A place in something that is iterated over.
#[derive(Debug)]
pub(crate) struct Cursor {
    pub(crate) source: Source,
    pub(crate) at: usize,
    /// The source's changes when the iteration began.
    changes: u32,
}

#[derive(Debug, Clone)]
pub(crate) enum Source {
    List(ListId),
    View(MapId, View),
    Items(Arc<[Value]>),
    Range { from: i32, to: i32 },
}

/// The collection changed in size during the iteration, or there is nothing left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoNext {
    Changed,
    AtEnd,
}

impl Heap {
    /// A heap for one rendering.
    pub fn new(limits: &Limits) -> Self {
        Self {
            lists: Vec::new(),
            maps: Vec::new(),
            iterators: Vec::new(),
            scopes: Vec::new(),
            patterns: Patterns::default(),
            meter: Meter::new(limits),
        }
    }

    /// A new list.
    pub fn list(&mut self, items: Vec<Value>, style: ListStyle) -> Value {
        self.meter.note(COLLECTION_BYTES + items.len() * ITEM_BYTES);
        let id = ListId(number(self.lists.len()));
        self.lists.push(List { items, style, changes: 0 });
        Value::List(id)
    }

    /// A new map with strings as keys, in this order.
    pub fn map<K: Into<Arc<str>>>(&mut self, entries: impl IntoIterator<Item = (K, Value)>) -> Value {
        let entries = entries.into_iter();
        let id = self.new_map();
        self.maps[id.0 as usize].entries = Entries::with_capacity(entries.size_hint().0);
        for (key, value) in entries {
            self.put(id, Key(Value::Text(key.into())), value);
        }
        Value::Map(id)
    }

    pub(crate) fn new_map(&mut self) -> MapId {
        self.meter.note(COLLECTION_BYTES);
        let id = MapId(number(self.maps.len()));
        self.maps.push(Map::default());
        id
    }

    /// The items of a list or array.
    pub fn items(&self, value: &Value) -> Option<&[Value]> {
        match value {
            Value::List(id) => Some(&self.list_of(*id).items),
            _ => None,
        }
    }

    /// The value of a map's entry by its string key.
    pub fn entry(&self, map: &Value, key: &str) -> Option<&Value> {
        match map {
            Value::Map(id) => self.map_of(*id).entries.get(&TextKey(key)),
            _ => None,
        }
    }

    /// The entries of a map, in order.
    pub fn entries(&self, map: &Value) -> Option<impl Iterator<Item = (&Value, &Value)>> {
        match map {
            Value::Map(id) => Some(self.map_of(*id).entries.iter().map(|(key, value)| (&key.0, value))),
            _ => None,
        }
    }

    /// Puts an entry into a map. False if it is none.
    pub fn insert(&mut self, map: &Value, key: &str, value: Value) -> bool {
        match map {
            Value::Map(id) => {
                self.put(*id, Key(Value::text(key)), value);
                true
            }
            _ => false,
        }
    }

    /// Charges work to the rendering: one step for every 64 bytes that an object's method goes through. The rendering ends
    /// soon after its budget is spent.
    pub fn charge_bytes(&mut self, bytes: usize) {
        self.meter.note(bytes);
        // The next step of the rendering reports it.
        let _ = self.meter.read_bytes(bytes);
    }

    /// Charges steps of work. The rendering ends soon after its budget is spent.
    pub fn charge_work(&mut self, steps: u64) {
        // The next step of the rendering reports it.
        let _ = self.meter.work(steps);
    }

    /// The steps of work that are left; an object asks before it begins something long. None are left when too much was
    /// allocated.
    pub fn work_left(&self) -> u64 {
        self.meter.work_left()
    }

    /// Calls a method of a value, as a template does; `None` if there is none for these arguments. For objects that stand for
    /// a collection.
    pub fn call(&mut self, value: &Value, method: &str, arguments: &[Value]) -> Result<Option<Value>, ObjectError> {
        methods::call(self, value, method, arguments).map_err(|failure| ObjectError(failure.to_string()))
    }

    /// `toString()` of a value.
    pub fn text_of(&mut self, value: &Value) -> Result<String, ObjectError> {
        let mut text = String::new();
        self.print(value, &mut text).map_err(|failed| ObjectError(methods::Failure::from(failed).to_string()))?;
        Ok(text)
    }

    pub(crate) fn list_of(&self, id: ListId) -> &List {
        &self.lists[id.0 as usize]
    }

    /// For changes that leave the number of items as it is.
    pub(crate) fn list_mut(&mut self, id: ListId) -> &mut List {
        &mut self.lists[id.0 as usize]
    }

    /// For changes that make a list longer or shorter.
    pub(crate) fn resize_list(&mut self, id: ListId) -> &mut Vec<Value> {
        let list = &mut self.lists[id.0 as usize];
        list.changes = list.changes.wrapping_add(1);
        &mut list.items
    }

    pub(crate) fn map_of(&self, id: MapId) -> &Map {
        &self.maps[id.0 as usize]
    }

    /// For changes that take entries away.
    pub(crate) fn shrink_map(&mut self, id: MapId) -> &mut Entries {
        let map = &mut self.maps[id.0 as usize];
        map.changes = map.changes.wrapping_add(1);
        &mut map.entries
    }

    /// The value that was there before.
    pub(crate) fn put(&mut self, id: MapId, key: Key, value: Value) -> Option<Value> {
        let map = &mut self.maps[id.0 as usize];
        let old = map.entries.insert(key, value);
        if old.is_none() {
            map.changes = map.changes.wrapping_add(1);
            self.meter.note(4 * ITEM_BYTES);
        }
        old
    }

    pub(crate) fn new_scope(&mut self, parent: Value) -> ScopeId {
        let variables = self.new_map();
        let id = ScopeId(number(self.scopes.len()));
        self.scopes.push(Scope { index: 0, has_next: false, parent, variables });
        id
    }

    pub(crate) fn scope(&self, id: ScopeId) -> &Scope {
        &self.scopes[id.0 as usize]
    }

    pub(crate) fn scope_mut(&mut self, id: ScopeId) -> &mut Scope {
        &mut self.scopes[id.0 as usize]
    }

    pub(crate) fn new_iterator(&mut self, source: Source) -> Value {
        let cursor = self.cursor(source);
        self.meter.note(COLLECTION_BYTES);
        let id = IteratorId(number(self.iterators.len()));
        self.iterators.push(cursor);
        Value::Iterator(id)
    }

    pub(crate) fn iterator(&self, id: IteratorId) -> &Cursor {
        &self.iterators[id.0 as usize]
    }

    pub(crate) fn iterator_next(&mut self, id: IteratorId) -> Result<Value, NoNext> {
        let index = id.0 as usize;
        let (source, at, changes) =
            (self.iterators[index].source.clone(), self.iterators[index].at, self.iterators[index].changes);
        let mut cursor = Cursor { source, at, changes };
        let next = self.advance(&mut cursor);
        self.iterators[index].at = cursor.at;
        next
    }

    pub(crate) fn cursor(&self, source: Source) -> Cursor {
        let changes = self.changes(&source);
        Cursor { source, at: 0, changes }
    }

    fn changes(&self, source: &Source) -> u32 {
        match source {
            Source::List(id) => self.list_of(*id).changes,
            Source::View(id, _) => self.map_of(*id).changes,
            Source::Items(_) | Source::Range { .. } => 0,
        }
    }

    /// The number of items in what is iterated over.
    pub(crate) fn length(&self, source: &Source) -> usize {
        match source {
            Source::List(id) => self.list_of(*id).items.len(),
            Source::View(id, _) => self.map_of(*id).entries.len(),
            Source::Items(items) => items.len(),
            Source::Range { from, to } => (i64::from(*from) - i64::from(*to)).unsigned_abs() as usize + 1,
        }
    }

    /// As Java's iterators, this asks only whether the end has been reached exactly.
    pub(crate) fn has_next(&self, cursor: &Cursor) -> bool {
        cursor.at != self.length(&cursor.source)
    }

    pub(crate) fn advance(&self, cursor: &mut Cursor) -> Result<Value, NoNext> {
        if self.changes(&cursor.source) != cursor.changes {
            return Err(NoNext::Changed);
        }
        if cursor.at >= self.length(&cursor.source) {
            return Err(NoNext::AtEnd);
        }
        let value = self.at(&cursor.source, cursor.at);
        cursor.at += 1;
        Ok(value)
    }

    /// The item at an index that is within the length.
    pub(crate) fn at(&self, source: &Source, index: usize) -> Value {
        match source {
            Source::List(id) => self.list_of(*id).items[index].clone(),
            Source::View(id, view) => {
                let (key, value) = self.map_of(*id).entries.get_index(index).expect("the index is within the length");
                match view {
                    View::Keys => key.0.clone(),
                    View::Values => value.clone(),
                    View::Entries => Value::Entry(*id, Arc::new(key.0.clone())),
                }
            }
            Source::Items(items) => items[index].clone(),
            Source::Range { from, to } => {
                let offset = i32::try_from(index).unwrap_or(i32::MAX);
                Value::Number(crate::Number::Int(if from <= to { from.wrapping_add(offset) } else { from.wrapping_sub(offset) }))
            }
        }
    }

    /// All items, copied.
    pub(crate) fn collect(&mut self, source: &Source) -> Result<Vec<Value>, Limit> {
        let length = self.length(source);
        self.meter.read_items(length)?;
        self.meter.allocate(length * ITEM_BYTES)?;
        Ok((0..length).map(|index| self.at(source, index)).collect())
    }
}

/// The budget ends a rendering long before there are 2^32 of anything.
fn number(count: usize) -> u32 {
    u32::try_from(count).expect("the budget bounds how many collections there are")
}
