//! `$input` and `$context`.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use postern_jsonpath::{EvalError, Found, Limit, Limits, Path};
use postern_velocity::{Heap, ObjectError, TemplateObject, Value};

use super::document::{Json, NotJson};
use super::inputs::{Inputs, ParameterKind, RequestFacts};
use super::named_values::{Group, NamedValues, context_value};
use super::overrides::{LiveOverrides, Overrides, Section};
use super::paths::Paths;

/// Steps of a JSONPath evaluation that take as long as one of the engine.
const PATH_STEPS_PER_STEP: u64 = 4;

/// Bytes of JSON or of a query whose parsing takes as long as a step.
const PARSED_BYTES_PER_STEP: u64 = 24;

/// Bytes of text whose copying takes as long as a step.
const COPIED_BYTES_PER_STEP: u64 = 64;

/// What one rendering shares among its objects.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) inputs: Arc<Inputs>,
    paths: Arc<Paths>,
    overrides: OnceLock<LiveOverrides>,
    /// Whether something long was not begun, because the work that is left would not do.
    is_spent: AtomicBool,
}

impl Session {
    pub(super) fn new(inputs: Arc<Inputs>, paths: Arc<Paths>) -> Arc<Self> {
        Arc::new(Self { inputs, paths, overrides: OnceLock::new(), is_spent: AtomicBool::new(false) })
    }

    pub(super) fn is_spent(&self) -> bool {
        self.is_spent.load(Ordering::Relaxed)
    }

    /// The overrides as the template leaves them.
    pub(super) fn final_overrides(&self, heap: &mut Heap) -> Overrides {
        match self.overrides.get() {
            Some(live) => live.collect(heap),
            None => self.inputs.overrides.clone(),
        }
    }

    fn spent(&self) -> ObjectError {
        self.is_spent.store(true, Ordering::Relaxed);
        ObjectError("the template does more work than is allowed for one rendering".to_owned())
    }

    /// Charges what is about to be done, and refuses to begin it if that is too much.
    pub(super) fn charge(&self, steps: u64, heap: &mut Heap) -> Result<(), ObjectError> {
        if steps >= heap.work_left() {
            return Err(self.spent());
        }
        heap.charge_work(steps);
        Ok(())
    }

    /// Charges for parsing a text of this length.
    pub(super) fn charge_parsing(&self, bytes: usize, heap: &mut Heap) -> Result<(), ObjectError> {
        self.charge(bytes as u64 / PARSED_BYTES_PER_STEP, heap)
    }

    /// The body's JSON; `None` if it is none.
    fn json(&self, heap: &mut Heap) -> Result<Option<&Json>, ObjectError> {
        let body = &self.inputs.body;
        if !body.is_parsed() {
            self.charge_parsing(body.len(), heap)?;
        }
        match body.parsed() {
            Ok(json) => Ok(Some(json)),
            Err(NotJson::Malformed) => Ok(None),
            Err(reason @ (NotJson::TooDeep | NotJson::TooLarge)) => Err(ObjectError(reason.to_string())),
        }
    }

    /// What a path finds in the body; `None` for a definite path that leads nowhere.
    fn find<'d>(&self, json: &'d Json, path: &Path, heap: &mut Heap) -> Result<Option<Found<'d>>, ObjectError> {
        let allowed = heap.work_left().saturating_mul(PATH_STEPS_PER_STEP).min(Limits::STEPS_MAX);
        let limits = Limits { steps_max: allowed, ..Limits::default() };
        let (found, steps) = path.evaluate_metered(json.root(), &limits);
        heap.charge_work(steps.div_ceil(PATH_STEPS_PER_STEP));
        match found {
            Ok(found) => Ok(Some(found)),
            Err(EvalError::PathNotFound { .. }) => Ok(None),
            Err(EvalError::LimitExceeded { limit: Limit::Steps, .. }) if allowed < Limits::STEPS_MAX => Err(self.spent()),
            Err(error) => Err(ObjectError(error.to_string())),
        }
    }
}

/// `$input`.
#[derive(Debug)]
pub(super) struct Input {
    session: Arc<Session>,
    body: OnceLock<Value>,
    params: OnceLock<Value>,
}

/// Reported: a path that leads nowhere in `$input.json` is two quotes, and an empty body an empty object.
const JSON_OF_NOTHING: &str = "\"\"";
const BODY_OF_NOTHING: &str = "{}";

impl Input {
    pub(super) fn value(session: &Arc<Session>) -> Value {
        Value::Object(Arc::new(Self { session: Arc::clone(session), body: OnceLock::new(), params: OnceLock::new() }))
    }

    fn body(&self, heap: &mut Heap) -> Result<Value, ObjectError> {
        if let Some(body) = self.body.get() {
            return Ok(body.clone());
        }
        let document = &self.session.inputs.body;
        self.session.charge(document.len() as u64 / COPIED_BYTES_PER_STEP, heap)?;
        heap.charge_bytes(document.len());
        let text = if document.len() == 0 { BODY_OF_NOTHING } else { document.text() };
        Ok(self.body.get_or_init(|| Value::text(text)).clone())
    }

    fn json(&self, path: &str, heap: &mut Heap) -> Result<Value, ObjectError> {
        let path = self.session.paths.find(path, heap)?;
        let Some(json) = self.session.json(heap)?.filter(|_| !self.session.inputs.body.is_bare_text()) else {
            return Ok(Value::text(JSON_OF_NOTHING));
        };
        let Some(found) = self.session.find(json, &path, heap)? else { return Ok(Value::text(JSON_OF_NOTHING)) };
        // What is written is at most the body, more or less, however little of it is meant.
        if matches!(&found, Found::One(value) if value.is_object() || value.is_array()) {
            self.session.charge(self.session.inputs.body.len() as u64 / COPIED_BYTES_PER_STEP, heap)?;
        }
        let text = json.json_text(&found);
        heap.charge_bytes(text.len());
        Ok(Value::text(text))
    }

    fn path(&self, path: &str, heap: &mut Heap) -> Result<Option<Value>, ObjectError> {
        let path = self.session.paths.find(path, heap)?;
        let Some(json) = self.session.json(heap)? else { return Ok(None) };
        let Some(found) = self.session.find(json, &path, heap)? else { return Ok(None) };
        match json.live(&found, heap) {
            Ok(value) => Ok(Some(value)),
            Err(_) if heap.work_left() == 0 => Err(self.session.spent()),
            Err(error) => Err(error),
        }
    }

    fn params(&self, heap: &mut Heap) -> Value {
        let map = self.params.get_or_init(|| {
            let of = |kind| NamedValues::value(&self.session.inputs, Group::Parameters(kind));
            heap.map([
                ("path", of(ParameterKind::Path)),
                ("querystring", of(ParameterKind::Query)),
                ("header", of(ParameterKind::Header)),
            ])
        });
        map.clone()
    }

    /// AWS docs, "$input variables": searched for in the path, the query string and the headers, in that order.
    fn param(&self, name: &str, heap: &mut Heap) -> Value {
        let request = &self.session.inputs.request;
        let kinds = [ParameterKind::Path, ParameterKind::Query, ParameterKind::Header];
        let mut found = None;
        for kind in kinds {
            charge_search(request, kind, heap);
            found = request.parameter(kind, name);
            if found.is_some() {
                break;
            }
        }
        let text = found.unwrap_or_default();
        heap.charge_bytes(text.len());
        Value::text(&*text)
    }
}

/// Charges for finding one parameter.
pub(super) fn charge_search(request: &RequestFacts, kind: ParameterKind, heap: &mut Heap) {
    heap.charge_work(request.searched_bytes(kind) as u64 / PARSED_BYTES_PER_STEP);
}

impl TemplateObject for Input {
    fn property(&self, name: &str, heap: &mut Heap) -> Result<Option<Value>, ObjectError> {
        if name == "body" { self.body(heap).map(Some) } else { Ok(None) }
    }

    fn call(&self, method: &str, arguments: &[Value], heap: &mut Heap) -> Result<Option<Value>, ObjectError> {
        match (method, arguments) {
            ("json", [Value::Text(path)]) => self.json(path, heap).map(Some),
            ("path", [Value::Text(path)]) => self.path(path, heap),
            ("params", []) => Ok(Some(self.params(heap))),
            ("params", [Value::Text(name)]) => Ok(Some(self.param(name, heap))),
            ("getBody", []) => self.body(heap).map(Some),
            _ => Ok(None),
        }
    }

    fn print(&self, _: &mut Heap) -> Result<String, ObjectError> {
        Ok(String::new())
    }
}

/// `$context`.
#[derive(Debug)]
pub(super) struct Context(Arc<Session>);

impl Context {
    pub(super) fn value(session: &Arc<Session>) -> Value {
        Value::Object(Arc::new(Self(Arc::clone(session))))
    }
}

impl TemplateObject for Context {
    fn property(&self, name: &str, heap: &mut Heap) -> Result<Option<Value>, ObjectError> {
        let inputs = &self.0.inputs;
        match name {
            "requestOverride" | "responseOverride" => {
                let overrides = self.0.overrides.get_or_init(|| LiveOverrides::new(&inputs.overrides, heap));
                let section = if name == "requestOverride" { &overrides.request } else { &overrides.response };
                Ok(Some(Value::Object(Arc::<Section>::clone(section))))
            }
            _ => {
                let value = context_value(inputs, name);
                if let Some(Value::Text(text)) = &value {
                    heap.charge_bytes(text.len());
                }
                Ok(value)
            }
        }
    }

    fn call(&self, _: &str, _: &[Value], _: &mut Heap) -> Result<Option<Value>, ObjectError> {
        Ok(None)
    }

    fn print(&self, _: &mut Heap) -> Result<String, ObjectError> {
        Ok(String::new())
    }
}
