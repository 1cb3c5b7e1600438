//! `java.util.List`, arrays and iterators.

use super::{Failure, Outcome, collection, int, some, thrown, void};
use crate::Heap;
use crate::budget::ITEM_BYTES;
use crate::heap::{ListStyle, Source};
use crate::value::{IteratorId, ListId, Value};

pub(super) fn call(heap: &mut Heap, id: ListId, name: &str, arguments: &[Value]) -> Outcome {
    if heap.list_of(id).style == ListStyle::Array && is_resizing(name) {
        return Err(thrown("an array cannot grow or shrink"));
    }
    if matches!((name, arguments), ("addAll" | "containsAll" | "removeAll" | "retainAll", [.., Value::Null])) {
        return Err(thrown("the collection is null"));
    }
    match arguments {
        [] => no_argument(heap, id, name),
        [argument] => one(heap, id, name, argument),
        [first, second] => two(heap, id, name, first, second),
        _ => Ok(None),
    }
}

fn is_resizing(name: &str) -> bool {
    matches!(name, "add" | "addAll" | "remove" | "removeAll" | "retainAll" | "clear")
}

fn no_argument(heap: &mut Heap, id: ListId, name: &str) -> Outcome {
    match name {
        "size" => some(Value::count(heap.list_of(id).items.len())),
        "isEmpty" => some(heap.list_of(id).items.is_empty()),
        "clear" => {
            heap.resize_list(id).clear();
            void()
        }
        "iterator" | "listIterator" => some(heap.new_iterator(Source::List(id))),
        "toArray" => {
            let items = heap.collect(&Source::List(id))?;
            some(heap.list(items, ListStyle::Array))
        }
        "toJSONString" if heap.list_of(id).style == ListStyle::Json => super::call_any(heap, &Value::List(id), "toString", &[]),
        _ => Ok(None),
    }
}

fn one(heap: &mut Heap, id: ListId, name: &str, argument: &Value) -> Outcome {
    match name {
        "get" => match int(argument) {
            Some(index) => {
                let index = checked(heap, id, index)?;
                some(heap.list_of(id).items[index].clone())
            }
            None => Ok(None),
        },
        "add" => {
            heap.meter.allocate(ITEM_BYTES)?;
            heap.resize_list(id).push(argument.clone());
            some(true)
        }
        "addAll" => {
            let end = heap.list_of(id).items.len();
            insert_all(heap, id, end, argument)
        }
        "remove" => remove(heap, id, argument),
        "contains" => some(find(heap, id, argument)?.is_some()),
        "indexOf" => index(find(heap, id, argument)?),
        "lastIndexOf" => {
            let mut last = None;
            for at in 0..heap.list_of(id).items.len() {
                let item = heap.list_of(id).items[at].clone();
                if heap.equals(&item, argument)? {
                    last = Some(at);
                }
            }
            index(last)
        }
        "containsAll" => match collection(argument) {
            Some(source) => contains_all(heap, id, &source),
            None => Ok(None),
        },
        "removeAll" => keep(heap, id, argument, Keep::Others),
        "retainAll" => keep(heap, id, argument, Keep::Listed),
        _ => Ok(None),
    }
}

fn two(heap: &mut Heap, id: ListId, name: &str, first: &Value, second: &Value) -> Outcome {
    let Some(first) = int(first) else { return Ok(None) };
    match name {
        "set" => {
            let index = checked(heap, id, first)?;
            some(std::mem::replace(&mut heap.list_mut(id).items[index], second.clone()))
        }
        "add" => {
            let index = checked_insert(heap, id, first)?;
            heap.meter.allocate(ITEM_BYTES)?;
            heap.meter.read_items(heap.list_of(id).items.len() - index)?;
            heap.resize_list(id).insert(index, second.clone());
            void()
        }
        "addAll" => {
            let index = checked_insert(heap, id, first)?;
            insert_all(heap, id, index, second)
        }
        "subList" => match int(second) {
            Some(to) => sub_list(heap, id, first, to),
            None => Ok(None),
        },
        _ => Ok(None),
    }
}

fn out_of_bounds(index: i32, length: usize) -> Failure {
    thrown(format!("Index {index} out of bounds for length {length}"))
}

fn checked(heap: &Heap, id: ListId, index: i32) -> Result<usize, Failure> {
    let length = heap.list_of(id).items.len();
    usize::try_from(index).ok().filter(|at| *at < length).ok_or_else(|| out_of_bounds(index, length))
}

fn checked_insert(heap: &Heap, id: ListId, index: i32) -> Result<usize, Failure> {
    let length = heap.list_of(id).items.len();
    usize::try_from(index).ok().filter(|at| *at <= length).ok_or_else(|| out_of_bounds(index, length))
}

fn index(found: Option<usize>) -> Outcome {
    some(found.map_or(Value::integer(-1), Value::count))
}

fn find(heap: &mut Heap, id: ListId, wanted: &Value) -> Result<Option<usize>, Failure> {
    for at in 0..heap.list_of(id).items.len() {
        let item = heap.list_of(id).items[at].clone();
        if heap.equals(wanted, &item)? {
            return Ok(Some(at));
        }
    }
    Ok(None)
}

fn insert_all(heap: &mut Heap, id: ListId, index: usize, items: &Value) -> Outcome {
    let Some(source) = collection(items) else { return Ok(None) };
    let items = heap.collect(&source)?;
    let is_changed = !items.is_empty();
    heap.meter.read_items(heap.list_of(id).items.len())?;
    heap.resize_list(id).splice(index..index, items);
    some(is_changed)
}

/// By index if it is an `Integer`, else the first that is equal.
fn remove(heap: &mut Heap, id: ListId, argument: &Value) -> Outcome {
    heap.meter.read_items(heap.list_of(id).items.len())?;
    if let Some(index) = int(argument) {
        let index = checked(heap, id, index)?;
        return some(heap.resize_list(id).remove(index));
    }
    match find(heap, id, argument)? {
        Some(index) => {
            heap.resize_list(id).remove(index);
            some(true)
        }
        None => some(false),
    }
}

fn contains_all(heap: &mut Heap, id: ListId, source: &Source) -> Outcome {
    for item in heap.collect(source)? {
        if find(heap, id, &item)?.is_none() {
            return some(false);
        }
    }
    some(true)
}

#[derive(Clone, Copy, PartialEq)]
enum Keep {
    Listed,
    Others,
}

fn keep(heap: &mut Heap, id: ListId, argument: &Value, keep: Keep) -> Outcome {
    let Some(source) = collection(argument) else { return Ok(None) };
    let listed = heap.collect(&source)?;
    let items = heap.collect(&Source::List(id))?;
    let before = items.len();
    let mut kept = Vec::new();
    for item in items {
        let mut is_listed = false;
        for other in &listed {
            is_listed = is_listed || heap.equals(other, &item)?;
        }
        if is_listed == (keep == Keep::Listed) {
            kept.push(item);
        }
    }
    let is_changed = kept.len() != before;
    if is_changed {
        *heap.resize_list(id) = kept;
    }
    some(is_changed)
}

/// A copy, where Java's shares its items with the list.
fn sub_list(heap: &mut Heap, id: ListId, from: i32, to: i32) -> Outcome {
    let length = heap.list_of(id).items.len();
    match (usize::try_from(from), usize::try_from(to)) {
        (Ok(begin), Ok(end)) if begin <= end && end <= length => {
            heap.meter.allocate((end - begin) * ITEM_BYTES)?;
            let items = heap.list_of(id).items[begin..end].to_vec();
            some(heap.list(items, ListStyle::Java))
        }
        _ => Err(thrown(format!("from {from} to {to} of a list of {length}"))),
    }
}

pub(super) fn call_iterator(heap: &mut Heap, id: IteratorId, name: &str, arguments: &[Value]) -> Outcome {
    match (name, arguments) {
        ("hasNext", []) => some(heap.has_next(heap.iterator(id))),
        ("next", []) => Ok(Some(heap.iterator_next(id)?)),
        _ => Ok(None),
    }
}
