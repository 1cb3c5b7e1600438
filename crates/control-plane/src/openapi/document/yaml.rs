//! YAML: parsed under bounds on values, nesting and what aliases may repeat, and searched for the place of a value.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_saphyr::options::{AliasLimits, DuplicateKeyPolicy, NonFiniteFloatPolicy};
use serde_saphyr::{Budget, Options, Spanned};

use super::{DocumentError, Position, VALUES_MAX};

/// How deep values may stand in each other: less than in JSON, because the parser takes several times the stack for each level.
const DEPTH_MAX: usize = 64;
/// Values that aliases may repeat, together: a few short lines can otherwise stand for billions of values.
const ALIASED_MAX: usize = 100_000;
/// Aliases in each other.
const ALIAS_DEPTH_MAX: usize = 16;

/// Parses a text of one document.
pub(super) fn parse(text: &str) -> Result<Value, DocumentError> {
    serde_saphyr::from_str_with_options(text, options()).map_err(|error| DocumentError::Malformed {
        position: error.location().map(|place| position(place.line(), place.column())),
        reason: super::without_place(&error.to_string()),
    })
}

/// The place of the value that a pointer names, in a text that was parsed.
pub(super) fn locate(text: &str, pointer: &str) -> Option<Position> {
    let mut tree: Tree = serde_saphyr::from_str_with_options(text, options()).ok()?;
    for part in super::pointer_parts(pointer) {
        match tree.0.value.take(&part) {
            Some(child) => tree = child,
            None => break,
        }
    }
    Some(position(tree.0.referenced.line(), tree.0.referenced.column()))
}

fn options() -> Options {
    let mut budget = Budget::default();
    budget.max_depth = DEPTH_MAX;
    budget.flow_nesting_limit = DEPTH_MAX;
    budget.max_nodes = VALUES_MAX;
    budget.max_events = VALUES_MAX * 2;
    budget.max_documents = 1;
    // Headers of CORS under one anchor are repeated in every method, which is no attack; what aliases repeat is bounded itself.
    budget.enforce_alias_anchor_ratio = false;
    let mut alias_limits = AliasLimits::default();
    alias_limits.max_total_replayed_events = ALIASED_MAX;
    alias_limits.max_replay_stack_depth = ALIAS_DEPTH_MAX;
    let mut options = Options::default();
    options.budget = Some(budget);
    options.alias_limits = alias_limits;
    // As in JSON.
    options.duplicate_keys = DuplicateKeyPolicy::LastWins;
    options.non_finite_float_policy = NonFiniteFloatPolicy::Reject;
    options.with_snippet = false;
    options
}

fn position(line: u64, column: u64) -> Position {
    let number = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
    Position { line: number(line), column: number(column) }
}

/// A value's place with those of what is in it.
struct Tree(Spanned<Children>);

enum Children {
    Members(Vec<(String, Tree)>),
    Items(Vec<Tree>),
    None,
}

impl Children {
    fn take(&mut self, part: &str) -> Option<Tree> {
        match self {
            Self::Members(members) => {
                let at = members.iter().rposition(|(name, _)| name == part)?;
                Some(members.swap_remove(at).1)
            }
            Self::Items(items) => {
                let at = part.parse().ok().filter(|at: &usize| *at < items.len())?;
                Some(items.swap_remove(at))
            }
            Self::None => None,
        }
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Spanned::deserialize(deserializer).map(Self)
    }
}

impl<'de> Deserialize<'de> for Children {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Shape)
    }
}

struct Shape;

impl<'de> Visitor<'de> for Shape {
    type Value = Children;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_unit<E>(self) -> Result<Children, E> {
        Ok(Children::None)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Children, E> {
        Ok(Children::None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Children, E> {
        Ok(Children::None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Children, E> {
        Ok(Children::None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Children, E> {
        Ok(Children::None)
    }

    fn visit_str<E>(self, _: &str) -> Result<Children, E> {
        Ok(Children::None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Children, A::Error> {
        let mut found = Vec::new();
        while let Some(item) = items.next_element()? {
            found.push(item);
        }
        Ok(Children::Items(found))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Children, A::Error> {
        let mut found = Vec::new();
        while let Some(member) = members.next_entry()? {
            found.push(member);
        }
        Ok(Children::Members(found))
    }
}
