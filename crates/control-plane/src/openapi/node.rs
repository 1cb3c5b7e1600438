//! A value of a document together with its place, and the following of `$ref`s inside the document.

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

/// How many references may follow on each other before one is taken for a circle.
const REFERENCES_MAX: usize = 16;

/// A value and the JSON pointer to it.
#[derive(Clone, Debug)]
pub(super) struct Node<'d> {
    pub(super) value: &'d Value,
    pub(super) place: String,
}

impl<'d> Node<'d> {
    pub(super) fn root(value: &'d Value) -> Self {
        Self { value, place: String::new() }
    }

    /// A member; none when there is no such one, or it is null.
    pub(super) fn get(&self, name: &str) -> Option<Self> {
        let value = self.value.get(name).filter(|value| !value.is_null())?;
        Some(Self { value, place: format!("{}/{}", self.place, escaped(name)) })
    }

    /// The members of an object, in the order of the document; none of anything else.
    pub(super) fn members(&self) -> impl Iterator<Item = (&'d String, Self)> + '_ {
        let members = self.value.as_object().into_iter().flat_map(Map::iter);
        members.map(|(name, value)| (name, Self { value, place: format!("{}/{}", self.place, escaped(name)) }))
    }

    /// The items of an array; none of anything else.
    pub(super) fn items(&self) -> impl Iterator<Item = Self> + '_ {
        let items = self.value.as_array().into_iter().flatten();
        items.enumerate().map(|(at, value)| Self { value, place: format!("{}/{at}", self.place) })
    }

    /// The text of a scalar: numbers and truth values are taken as they are written, because YAML makes them of bare words.
    pub(super) fn text(&self) -> Option<String> {
        match self.value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(flag) => Some(flag.to_string()),
            _ => None,
        }
    }

    /// A truth value, also as a text.
    pub(super) fn flag(&self) -> Option<bool> {
        match self.value {
            Value::Bool(flag) => Some(*flag),
            Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
            Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
            _ => None,
        }
    }

    /// A whole number, also as a text.
    pub(super) fn integer(&self) -> Option<i64> {
        match self.value {
            Value::Number(number) => number.as_i64().or_else(|| whole(number.as_f64()?)),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    /// The text under a member.
    pub(super) fn text_of(&self, name: &str) -> Option<String> {
        self.get(name)?.text()
    }

    /// What this stands for: itself, or what its `$ref` leads to inside of `root`. The reference when that leads nowhere.
    pub(super) fn resolved(&self, root: &'d Value) -> Result<Self, String> {
        let mut node = self.clone();
        for _ in 0..REFERENCES_MAX {
            let Some(Value::String(reference)) = node.value.get("$ref") else { return Ok(node) };
            node = target(root, reference).ok_or_else(|| reference.clone())?;
        }
        Err(self.value.get("$ref").and_then(Value::as_str).unwrap_or_default().to_owned())
    }
}

fn target<'d>(root: &'d Value, reference: &str) -> Option<Node<'d>> {
    let place = percent_decode_str(reference.strip_prefix('#')?).decode_utf8().ok()?.into_owned();
    Some(Node { value: root.pointer(&place)?, place })
}

/// A member's name as a part of a JSON pointer.
pub(super) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// YAML reads `1e3`, and some writers print `3.0`.
fn whole(number: f64) -> Option<i64> {
    // Every whole number in these bounds has a double of its own.
    const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
    #[allow(clippy::cast_possible_truncation, reason = "whole and within the exact range")]
    (number.fract() == 0.0 && number.abs() <= EXACT_MAX).then_some(number as i64)
}
