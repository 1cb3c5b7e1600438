//! `java.util.Map`, its entries and its views.

use super::{Outcome, some, thrown, void};
use crate::Heap;
use crate::heap::{ListStyle, Source};
use crate::value::{Key, MapId, Value, View};

pub(super) fn call(heap: &mut Heap, id: MapId, name: &str, arguments: &[Value]) -> Outcome {
    match (name, arguments) {
        ("size", []) => some(Value::count(heap.map_of(id).entries.len())),
        ("isEmpty", []) => some(heap.map_of(id).entries.is_empty()),
        ("keySet", []) => some(Value::View(id, View::Keys)),
        ("values", []) => some(Value::View(id, View::Values)),
        ("entrySet", []) => some(Value::View(id, View::Entries)),
        ("clear", []) => {
            heap.shrink_map(id).clear();
            void()
        }
        ("get", [key]) => some(find(heap, id, key).unwrap_or_default()),
        ("getOrDefault", [key, default]) => some(find(heap, id, key).unwrap_or_else(|| default.clone())),
        ("containsKey", [key]) => some(find(heap, id, key).is_some()),
        ("containsValue", [value]) => contains(heap, &Source::View(id, View::Values), value),
        ("put", [key, value]) => some(heap.put(id, Key(key.clone()), value.clone()).unwrap_or_default()),
        ("putIfAbsent", [key, value]) => match find(heap, id, key) {
            Some(old) if !old.is_null() => some(old),
            _ => {
                heap.put(id, Key(key.clone()), value.clone());
                some(Value::Null)
            }
        },
        ("replace", [key, value]) => match find(heap, id, key) {
            Some(_) => some(heap.put(id, Key(key.clone()), value.clone()).unwrap_or_default()),
            None => some(Value::Null),
        },
        ("putAll", [Value::Map(other)]) => {
            let keys = heap.collect(&Source::View(*other, View::Keys))?;
            let values = heap.collect(&Source::View(*other, View::Values))?;
            for (key, value) in keys.into_iter().zip(values) {
                heap.put(id, Key(key), value);
            }
            void()
        }
        ("remove", [key]) => some(remove(heap, id, key)?.unwrap_or_default()),
        _ => Ok(None),
    }
}

fn find(heap: &Heap, id: MapId, key: &Value) -> Option<Value> {
    heap.map_of(id).entries.get(&Key(key.clone())).cloned()
}

fn remove(heap: &mut Heap, id: MapId, key: &Value) -> Result<Option<Value>, super::Failure> {
    let key = Key(key.clone());
    if !heap.map_of(id).entries.contains_key(&key) {
        return Ok(None);
    }
    // The entries behind it move up.
    heap.meter.read_items(heap.map_of(id).entries.len())?;
    Ok(heap.shrink_map(id).shift_remove(&key))
}

fn contains(heap: &mut Heap, source: &Source, wanted: &Value) -> Outcome {
    for index in 0..heap.length(source) {
        let item = heap.at(source, index);
        if heap.equals(wanted, &item)? {
            return some(true);
        }
    }
    some(false)
}

pub(super) fn call_view(heap: &mut Heap, id: MapId, view: View, name: &str, arguments: &[Value]) -> Outcome {
    let source = Source::View(id, view);
    match (name, arguments) {
        ("size", []) => some(Value::count(heap.length(&source))),
        ("isEmpty", []) => some(heap.length(&source) == 0),
        ("iterator", []) => some(heap.new_iterator(source)),
        ("toArray", []) => {
            let items = heap.collect(&source)?;
            some(heap.list(items, ListStyle::Array))
        }
        ("contains", [wanted]) if view == View::Keys => some(find(heap, id, wanted).is_some()),
        ("contains", [wanted]) => contains(heap, &source, wanted),
        ("containsAll", [wanted]) => {
            let Some(wanted) = super::collection(wanted) else { return Ok(None) };
            for item in heap.collect(&wanted)? {
                if !matches!(contains(heap, &source, &item)?, Some(Value::Bool(true))) {
                    return some(false);
                }
            }
            some(true)
        }
        ("remove", [key]) if view == View::Keys => {
            let is_there = find(heap, id, key).is_some();
            remove(heap, id, key)?;
            some(is_there)
        }
        ("remove", [wanted]) => {
            for index in 0..heap.length(&source) {
                let item = heap.at(&source, index);
                if heap.equals(wanted, &item)? {
                    let key = heap.at(&Source::View(id, View::Keys), index);
                    remove(heap, id, &key)?;
                    return some(true);
                }
            }
            some(false)
        }
        ("clear", []) => {
            heap.shrink_map(id).clear();
            void()
        }
        ("addAll", [items]) if super::collection(items).is_none() => Ok(None),
        ("add" | "addAll", [_]) => Err(thrown("nothing can be added to a view of a map")),
        _ => Ok(None),
    }
}

pub(super) fn call_entry(heap: &mut Heap, id: MapId, key: &Value, name: &str, arguments: &[Value]) -> Outcome {
    match (name, arguments) {
        ("getKey", []) => some(key.clone()),
        ("getValue", []) => some(heap.entry_value(id, key)),
        ("setValue", [value]) => some(heap.put(id, Key(key.clone()), value.clone()).unwrap_or_default()),
        _ => Ok(None),
    }
}
