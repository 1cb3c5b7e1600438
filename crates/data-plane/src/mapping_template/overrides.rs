//! `$context.requestOverride` and `$context.responseOverride`: parameters that a template sets itself (AWS docs, "Override your API's
//! request and response parameters and status codes for REST APIs").

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};

use http::StatusCode;
use postern_velocity::{Heap, ObjectError, TemplateObject, Value};

/// What templates have overridden. They win over parameter mappings.
#[derive(Clone, Debug, Default)]
pub(crate) struct Overrides {
    pub(crate) request: RequestOverrides,
    pub(crate) response: ResponseOverrides,
}

/// Parameters of the integration request.
#[derive(Clone, Debug, Default)]
pub(crate) struct RequestOverrides {
    pub(crate) header: Named,
    pub(crate) querystring: Named,
    pub(crate) path: Named,
    /// Other names do nothing but reach the response's template of a MOCK (recorded).
    other: Named,
}

/// Parameters of the method response.
#[derive(Clone, Debug, Default)]
pub(crate) struct ResponseOverrides {
    pub(crate) header: Named,
    /// `status`, and names that do nothing but reach the response's template.
    other: Named,
}

/// Values by name, in the order in which they were set.
pub(crate) type Named = Vec<(Arc<str>, OverrideValue)>;

/// What a parameter is set to.
#[derive(Clone, Debug)]
pub(crate) enum OverrideValue {
    /// A text, number or boolean.
    One(Value),
    /// A list: a parameter with several values (reported).
    Several(Vec<Arc<str>>),
}

/// Statuses that a client can be answered with. AWS's range begins at 100 (reported), but 1xx is no final answer.
const STATUS_MIN: u16 = 200;
const STATUS_MAX: u16 = 599;

impl Overrides {
    /// Whether nothing is overridden.
    pub(crate) fn is_empty(&self) -> bool {
        let Self { request, response } = self;
        [&request.header, &request.querystring, &request.path, &request.other, &response.header, &response.other]
            .iter()
            .all(|named| named.is_empty())
    }

    /// Each as `requestOverride.header.name` and a value.
    pub(crate) fn lines(&self) -> Vec<(String, String)> {
        let Self { request, response } = self;
        let groups = [
            ("requestOverride.header.", &request.header),
            ("requestOverride.querystring.", &request.querystring),
            ("requestOverride.path.", &request.path),
            ("requestOverride.", &request.other),
            ("responseOverride.header.", &response.header),
            ("responseOverride.", &response.other),
        ];
        let lines = groups.iter().flat_map(|(group, named)| {
            named.iter().flat_map(move |(name, value)| {
                value.texts().into_iter().map(move |text| (format!("{group}{name}"), text.into_owned()))
            })
        });
        lines.collect()
    }
}

impl ResponseOverrides {
    /// The status, when it is one; anything else is ignored, as reported.
    pub(crate) fn status(&self) -> Option<StatusCode> {
        let (_, value) = self.other.iter().find(|(name, _)| **name == *STATUS)?;
        let texts = value.texts();
        let [text] = &texts[..] else { return None };
        let code = text.trim().parse().ok().filter(|code| (STATUS_MIN..=STATUS_MAX).contains(code))?;
        StatusCode::from_u16(code).ok()
    }
}

impl OverrideValue {
    /// The values as texts.
    pub(crate) fn texts(&self) -> Vec<Cow<'_, str>> {
        match self {
            Self::One(Value::Text(text)) => vec![Cow::Borrowed(text)],
            Self::One(Value::Number(number)) => vec![Cow::Owned(number.to_string())],
            Self::One(Value::Bool(value)) => vec![Cow::Borrowed(if *value { "true" } else { "false" })],
            Self::One(_) => Vec::new(),
            Self::Several(texts) => texts.iter().map(|text| Cow::Borrowed(&**text)).collect(),
        }
    }

    /// `None` for null, and for what cannot be printed.
    fn of(value: &Value, heap: &mut Heap) -> Option<Self> {
        Some(match value {
            Value::Null => return None,
            Value::Text(_) | Value::Number(_) | Value::Bool(_) => Self::One(value.clone()),
            Value::List(_) => {
                let items = heap.items(value)?.to_vec();
                Self::Several(items.iter().filter_map(|item| heap.text_of(item).ok()).map(Arc::from).collect())
            }
            other => Self::One(Value::text(heap.text_of(other).ok()?)),
        })
    }

    fn live(&self, heap: &mut Heap) -> Value {
        match self {
            Self::One(value) => value.clone(),
            Self::Several(texts) => {
                let items = texts.iter().map(|text| Value::Text(Arc::clone(text))).collect();
                heap.list(items, postern_velocity::ListStyle::Java)
            }
        }
    }
}

const STATUS: &str = "status";

/// Fields that a template may set in one message: more than any has, and far from the 32,768 that a map of fields holds.
const FIELDS_MAX: usize = 1_000;
/// Bytes of their values: more than clients and backends take.
const FIELDS_BYTES_MAX: usize = 64 * 1024;

/// Whether one message can have all these fields.
pub(crate) fn fit_in_a_message(fields: &Named) -> bool {
    let (mut count, mut bytes) = (0, 0);
    for (_, value) in fields {
        let texts = value.texts();
        count += texts.len();
        bytes += texts.iter().map(|text| text.len()).sum::<usize>();
    }
    count <= FIELDS_MAX && bytes <= FIELDS_BYTES_MAX
}

/// The two variables while a template is rendered.
#[derive(Debug)]
pub(super) struct LiveOverrides {
    pub(super) request: Arc<Section>,
    pub(super) response: Arc<Section>,
    request_header: Arc<Section>,
    querystring: Arc<Section>,
    path: Arc<Section>,
    response_header: Arc<Section>,
}

/// A map whose entries a template may set once each.
#[derive(Debug)]
pub(super) struct Section {
    name: &'static str,
    /// A map in the heap.
    entries: Value,
    /// The names that this template has set.
    assigned: Mutex<Vec<Arc<str>>>,
}

impl LiveOverrides {
    pub(super) fn new(carried: &Overrides, heap: &mut Heap) -> Self {
        let request_header = Section::new("requestOverride.header", &carried.request.header, heap);
        let querystring = Section::new("requestOverride.querystring", &carried.request.querystring, heap);
        let path = Section::new("requestOverride.path", &carried.request.path, heap);
        let response_header = Section::new("responseOverride.header", &carried.response.header, heap);
        let request = Section::new("requestOverride", &carried.request.other, heap);
        let response = Section::new("responseOverride", &carried.response.other, heap);
        for (parent, name, section) in [
            (&request, "header", &request_header),
            (&request, "querystring", &querystring),
            (&request, "path", &path),
            (&response, "header", &response_header),
        ] {
            heap.insert(&parent.entries, name, Value::Object(Arc::<Section>::clone(section)));
        }
        Self { request, response, request_header, querystring, path, response_header }
    }

    /// What is overridden when the template has ended.
    pub(super) fn collect(&self, heap: &mut Heap) -> Overrides {
        Overrides {
            request: RequestOverrides {
                header: self.request_header.collect(heap),
                querystring: self.querystring.collect(heap),
                path: self.path.collect(heap),
                other: self.request.collect(heap),
            },
            response: ResponseOverrides { header: self.response_header.collect(heap), other: self.response.collect(heap) },
        }
    }
}

impl Section {
    fn new(name: &'static str, carried: &Named, heap: &mut Heap) -> Arc<Self> {
        let entries = heap.map::<&str>([]);
        for (name, value) in carried {
            let value = value.live(heap);
            heap.insert(&entries, name, value);
        }
        Arc::new(Self { name, entries, assigned: Mutex::default() })
    }

    /// AWS docs, same page: each parameter can be overridden only once; a second time results in 5XX.
    fn assign(&self, name: &str, value: Value, heap: &mut Heap) -> Result<(), ObjectError> {
        if let Some(Value::Object(section)) = heap.entry(&self.entries, name) {
            // `#set($context.requestOverride.header = {...})`: each of its entries.
            let section = Arc::clone(section);
            let entries: Vec<_> = match heap.entries(&value) {
                Some(entries) => entries.map(|(name, value)| (name.clone(), value.clone())).collect(),
                None => return Ok(()),
            };
            for (name, value) in entries {
                let name = heap.text_of(&name)?;
                section.set_property(&name, value, heap)?;
            }
            return Ok(());
        }
        // Only this rendering's own thread ever takes it.
        let mut assigned = self.assigned.lock().unwrap_or_else(PoisonError::into_inner);
        if assigned.iter().any(|known| **known == *name) {
            return Err(ObjectError(format!(
                "{}.{name} is overridden for the second time; each can be overridden only once",
                self.name
            )));
        }
        assigned.push(name.into());
        heap.charge_work(assigned.len() as u64);
        heap.insert(&self.entries, name, value);
        Ok(())
    }

    fn collect(&self, heap: &mut Heap) -> Named {
        let entries: Vec<_> = match heap.entries(&self.entries) {
            Some(entries) => entries.map(|(name, value)| (name.clone(), value.clone())).collect(),
            None => Vec::new(),
        };
        let mut named = Named::new();
        for (name, value) in entries {
            if let (Value::Text(name), false) = (&name, matches!(value, Value::Object(_)))
                && let Some(value) = OverrideValue::of(&value, heap)
            {
                named.push((Arc::clone(name), value));
            }
        }
        named
    }
}

impl TemplateObject for Section {
    fn property(&self, name: &str, heap: &mut Heap) -> Result<Option<Value>, ObjectError> {
        Ok(heap.entry(&self.entries, name).cloned())
    }

    fn set_property(&self, name: &str, value: Value, heap: &mut Heap) -> Result<bool, ObjectError> {
        self.assign(name, value, heap).map(|()| true)
    }

    fn call(&self, method: &str, arguments: &[Value], heap: &mut Heap) -> Result<Option<Value>, ObjectError> {
        match (method, arguments) {
            ("put", [Value::Text(name), value]) => {
                let before = heap.entry(&self.entries, name).cloned();
                self.assign(name, value.clone(), heap)?;
                Ok(Some(before.unwrap_or_default()))
            }
            (
                "get" | "containsKey" | "containsValue" | "keySet" | "values" | "entrySet" | "size" | "isEmpty" | "getOrDefault",
                _,
            ) => heap.call(&self.entries, method, arguments),
            _ => Ok(None),
        }
    }

    fn print(&self, heap: &mut Heap) -> Result<String, ObjectError> {
        heap.text_of(&self.entries)
    }
}
