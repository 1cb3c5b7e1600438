//! Maps of texts that are rarely wanted whole: parameters, stage variables, `$context.identity`. They answer for single names as
//! they are, and become a map of the template's only for what else a template asks of a map.

use std::sync::{Arc, OnceLock};

use postern_velocity::{Heap, ObjectError, TemplateObject, Value};

use super::inputs::{ContextValue, Inputs, ParameterKind};
use super::objects::charge_search;

/// Names that are compared in a step of work.
const NAMES_PER_STEP: u64 = 8;

/// What a map holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Group {
    Parameters(ParameterKind),
    StageVariables,
    /// `$context.{group}`.
    Context(Box<str>),
}

/// The map.
#[derive(Debug)]
pub(super) struct NamedValues {
    inputs: Arc<Inputs>,
    group: Group,
    map: OnceLock<Value>,
}

impl NamedValues {
    pub(super) fn value(inputs: &Arc<Inputs>, group: Group) -> Value {
        Value::Object(Arc::new(Self { inputs: Arc::clone(inputs), group, map: OnceLock::new() }))
    }

    fn find(&self, name: &str, heap: &mut Heap) -> Option<Value> {
        if let Some(map) = self.map.get() {
            let name = self.key(name, map, heap);
            return heap.entry(map, name.as_deref()?).cloned();
        }
        let request = &self.inputs.request;
        let text = match &self.group {
            Group::Parameters(kind) => {
                charge_search(request, *kind, heap);
                request.parameter(*kind, name).map(|text| Value::text(&*text))
            }
            Group::StageVariables => request.stage_variable(name).map(Value::text),
            Group::Context(group) => context_value(&self.inputs, &format!("{group}.{name}")),
        };
        if let Some(Value::Text(text)) = &text {
            heap.charge_bytes(text.len());
        }
        text
    }

    /// The key that a name means: the case of a header's name does not count, because HTTP/2 has but one.
    fn key(&self, name: &str, map: &Value, heap: &mut Heap) -> Option<Arc<str>> {
        if heap.entry(map, name).is_some() || self.group != Group::Parameters(ParameterKind::Header) {
            return Some(name.into());
        }
        let keys = heap.entries(map)?.filter_map(|(key, _)| match key {
            Value::Text(key) => Some(key),
            _ => None,
        });
        let mut looked_at = 0;
        let found = keys.inspect(|_| looked_at += 1).find(|key| key.eq_ignore_ascii_case(name)).map(Arc::clone);
        heap.charge_work(1 + looked_at / NAMES_PER_STEP);
        found
    }

    fn whole(&self, heap: &mut Heap) -> &Value {
        self.map.get_or_init(|| {
            let request = &self.inputs.request;
            let pairs: Vec<(String, Value)> = match &self.group {
                Group::Parameters(kind) => texts(request.parameters(*kind)),
                Group::StageVariables => texts(request.stage_variables()),
                Group::Context(group) => {
                    let value = |name: String| {
                        let value = context_value(&self.inputs, &format!("{group}.{name}"))?;
                        Some((name, value))
                    };
                    request.context_names(group).into_iter().filter_map(value).collect()
                }
            };
            heap.charge_bytes(pairs.iter().map(|(name, value)| name.len() + value.as_text().map_or(0, str::len)).sum());
            heap.map(pairs)
        })
    }
}

fn texts(pairs: Vec<(String, String)>) -> Vec<(String, Value)> {
    pairs.into_iter().map(|(name, value)| (name, Value::text(value))).collect()
}

/// The value of a context variable, by its whole name.
pub(super) fn context_value(inputs: &Arc<Inputs>, name: &str) -> Option<Value> {
    Some(match inputs.request.context(name)? {
        ContextValue::Text(text) => Value::text(&*text),
        ContextValue::Group => NamedValues::value(inputs, Group::Context(name.into())),
    })
}

impl TemplateObject for NamedValues {
    fn property(&self, name: &str, heap: &mut Heap) -> Result<Option<Value>, ObjectError> {
        Ok(self.find(name, heap))
    }

    fn set_property(&self, name: &str, value: Value, heap: &mut Heap) -> Result<bool, ObjectError> {
        let map = self.whole(heap).clone();
        Ok(heap.insert(&map, name, value))
    }

    fn call(&self, method: &str, arguments: &[Value], heap: &mut Heap) -> Result<Option<Value>, ObjectError> {
        match (method, arguments) {
            ("get", [Value::Text(name)]) => Ok(Some(self.find(name, heap).unwrap_or_default())),
            ("containsKey", [Value::Text(name)]) => Ok(Some(Value::Bool(self.find(name, heap).is_some()))),
            ("getOrDefault", [Value::Text(name), default]) => Ok(Some(self.find(name, heap).unwrap_or_else(|| default.clone()))),
            ("toString", []) => Ok(Some(Value::text(self.print(heap)?))),
            _ => {
                let map = self.whole(heap).clone();
                heap.call(&map, method, arguments)
            }
        }
    }

    fn items(&self, heap: &mut Heap) -> Result<Option<Vec<Value>>, ObjectError> {
        let map = self.whole(heap).clone();
        Ok(heap.entries(&map).map(|entries| entries.map(|(_, value)| value.clone()).collect()))
    }

    fn print(&self, heap: &mut Heap) -> Result<String, ObjectError> {
        // AWS docs, "Integrate a REST API with an Amazon Cognito user pool": `$context.authorizer.claims` alone is null.
        if self.group == Group::Context("authorizer.claims".into()) {
            return Ok(String::new());
        }
        let map = self.whole(heap).clone();
        heap.text_of(&map)
    }
}
