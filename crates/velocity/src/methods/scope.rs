//! `$foreach`: a loop's counters, and a map for what a template puts into it.

use super::{Outcome, map, some};
use crate::Heap;
use crate::value::{ScopeId, Value};

pub(super) fn property(heap: &mut Heap, id: ScopeId, name: &str) -> Outcome {
    let scope = heap.scope(id);
    match name {
        "index" => some(Value::count(scope.index as usize)),
        "count" => some(Value::count(scope.index as usize + 1)),
        "hasNext" => some(scope.has_next),
        "first" => some(scope.index == 0),
        "last" => some(!scope.has_next),
        "parent" => Ok(Some(scope.parent.clone()).filter(|parent| matches!(parent, Value::Scope(_)))),
        "topmost" => some(topmost(heap, id)),
        _ => {
            let variables = Value::Map(scope.variables);
            super::property(heap, &variables, name)
        }
    }
}

fn topmost(heap: &Heap, mut id: ScopeId) -> Value {
    // A parent was made before its child, so this ends.
    while let Value::Scope(parent) = heap.scope(id).parent {
        id = parent;
    }
    Value::Scope(id)
}

pub(super) fn call(heap: &mut Heap, id: ScopeId, name: &str, arguments: &[Value]) -> Outcome {
    let getter = match (name, arguments) {
        ("getIndex", []) => "index",
        ("getCount", []) => "count",
        ("hasNext" | "getHasNext", []) => "hasNext",
        ("isFirst", []) => "first",
        ("isLast", []) => "last",
        ("getParent", []) => "parent",
        ("getTopmost", []) => "topmost",
        _ => {
            let variables = heap.scope(id).variables;
            return map::call(heap, variables, name, arguments);
        }
    };
    property(heap, id, getter)
}
