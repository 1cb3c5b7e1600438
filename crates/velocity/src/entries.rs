//! The entries of a map, in the order in which they were put.
//!
//! Most maps are objects of a few members that are looked at once or twice. Going through those costs less than hashing them
//! does, and allocates once. Larger maps have an index, whose hashes no one can foresee.

use std::hash::Hash;

use indexmap::{Equivalent, IndexMap};

use crate::value::{Key, Value};

/// Entries that are gone through one by one.
const FEW_MAX: usize = 8;
/// Entries for which room is made before they come.
const CAPACITY_MAX: usize = 1024;

/// An ordered map.
#[derive(Debug)]
pub(crate) enum Entries {
    /// At most [`FEW_MAX`].
    Few(Vec<(Key, Value)>),
    /// Any number; it may have been more.
    Many(IndexMap<Key, Value>),
}

impl Default for Entries {
    fn default() -> Self {
        Self::Few(Vec::new())
    }
}

impl Entries {
    /// Nothing yet, with room for what is expected.
    pub(crate) fn with_capacity(expected: usize) -> Self {
        if expected <= FEW_MAX {
            Self::Few(Vec::with_capacity(expected))
        } else {
            Self::Many(IndexMap::with_capacity(expected.min(CAPACITY_MAX)))
        }
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Few(entries) => entries.len(),
            Self::Many(entries) => entries.len(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn get<Q: Hash + Equivalent<Key>>(&self, key: &Q) -> Option<&Value> {
        match self {
            Self::Few(entries) => entries.iter().find(|(known, _)| key.equivalent(known)).map(|(_, value)| value),
            Self::Many(entries) => entries.get(key),
        }
    }

    pub(crate) fn contains_key(&self, key: &Key) -> bool {
        self.get(key).is_some()
    }

    pub(crate) fn get_index(&self, index: usize) -> Option<(&Key, &Value)> {
        match self {
            Self::Few(entries) => entries.get(index).map(|(key, value)| (key, value)),
            Self::Many(entries) => entries.get_index(index),
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Key, &Value)> {
        (0..self.len()).filter_map(|index| self.get_index(index))
    }

    /// The value that was there before; a new key comes last.
    pub(crate) fn insert(&mut self, key: Key, value: Value) -> Option<Value> {
        let entries = match self {
            Self::Few(entries) => entries,
            Self::Many(entries) => return entries.insert(key, value),
        };
        if let Some((_, old)) = entries.iter_mut().find(|(known, _)| *known == key) {
            return Some(std::mem::replace(old, value));
        }
        if entries.len() < FEW_MAX {
            entries.push((key, value));
        } else {
            let mut many: IndexMap<Key, Value> = std::mem::take(entries).into_iter().collect();
            many.insert(key, value);
            *self = Self::Many(many);
        }
        None
    }

    /// Takes an entry out; those behind it move up.
    pub(crate) fn shift_remove(&mut self, key: &Key) -> Option<Value> {
        match self {
            Self::Few(entries) => {
                let index = entries.iter().position(|(known, _)| known == key)?;
                Some(entries.remove(index).1)
            }
            Self::Many(entries) => entries.shift_remove(key),
        }
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: i64) -> Key {
        Key(Value::text(format!("k{number}")))
    }

    /// The same whichever way they are kept.
    #[test]
    fn order_and_values_outlast_growth() {
        for count in [0, 1, 7, 8, 9, 20] {
            for mut entries in [Entries::default(), Entries::with_capacity(count), Entries::with_capacity(100)] {
                for number in (0..count as i64).chain(0..count as i64) {
                    entries.insert(key(number), Value::integer(number));
                }
                assert_eq!((entries.len(), entries.is_empty()), (count, count == 0));
                let keys: Vec<_> = entries.iter().map(|(key, _)| key.0.as_text().map(str::to_owned)).collect();
                assert_eq!(keys, (0..count).map(|number| Some(format!("k{number}"))).collect::<Vec<_>>());
                if count > 0 {
                    assert!(entries.shift_remove(&key(0)).is_some() && entries.shift_remove(&key(0)).is_none());
                    assert!(!entries.contains_key(&key(0)) && entries.len() == count - 1);
                }
                entries.clear();
                assert!(entries.get(&key(1)).is_none() && entries.get_index(0).is_none());
            }
        }
    }

    #[test]
    fn an_old_value_comes_back() {
        for count in [3, 30] {
            let mut entries = Entries::default();
            (0..count).for_each(|number| drop(entries.insert(key(number), Value::Null)));
            assert!(entries.insert(key(1), Value::Bool(true)).is_some_and(|old| old.is_null()));
            assert!(matches!(entries.get(&key(1)), Some(Value::Bool(true))));
        }
    }
}
