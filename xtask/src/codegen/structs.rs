//! One file per noun: the input of each operation and every structure, with how each is read and written.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::table::{Kind, Limits, Member, Of, Operation, Place, Service, Shape};
use super::{HEADER, names, nouns};

/// Files by name, unformatted.
pub fn files(service: &Service) -> Result<BTreeMap<String, String>, String> {
    let mut bodies: BTreeMap<String, String> = BTreeMap::new();
    for operation in &service.table.operations {
        let body = bodies.entry(service.noun(operation)).or_default();
        write_input(body, service, operation)?;
    }
    for (name, shape) in &service.table.shapes {
        let used = service.read.contains(name) || service.written.contains(name);
        if shape.kind == Kind::Structure && used {
            let noun = service.structure_noun(name).unwrap_or_else(|| nouns::SHARED.to_owned());
            write_structure(bodies.entry(noun).or_default(), service, name, shape)?;
        }
    }
    Ok(bodies.into_iter().map(|(noun, body)| (format!("{noun}.rs"), with_imports(service, &body))).collect())
}

fn write_input(text: &mut String, service: &Service, operation: &Operation) -> Result<(), String> {
    let name = format!("{}Input", operation.name);
    write_type(text, service, &format!("Input of `{}`.", operation.name), &name, &operation.input)?;
    let reader = if operation.input.is_empty() { "_input" } else { "input" };
    let place = format!("{}Input", names::lower_camel(&operation.name));
    let _ = writeln!(
        text,
        "impl ReadInput for {name} {{ const PLACE: &'static str = {place:?};\n\n fn read({reader}: &mut InputReader<'_>) -> Option<Self> {{"
    );
    for member in &operation.input {
        let _ = writeln!(text, "let {} = {};", names::field(&member.name), read_input_member(service, operation, member)?);
    }
    write_construction(text, &operation.input);
    text.push_str("} }\n\n");
    Ok(())
}

fn write_structure(text: &mut String, service: &Service, shape_name: &str, shape: &Shape) -> Result<(), String> {
    let name = names::type_name(shape_name);
    let doc = format!("`{shape_name}`.");
    write_type(text, service, &doc, name, &shape.members)?;
    if service.read.contains(shape_name) {
        write_reader(text, service, name, shape)?;
    }
    if service.written.contains(shape_name) {
        write_writer(text, service, shape_name, name, shape)?;
    }
    Ok(())
}

fn write_reader(text: &mut String, service: &Service, name: &str, shape: &Shape) -> Result<(), String> {
    let _ = writeln!(
        text,
        "impl FromJson for {name} {{ fn from_json(json: Value, at: &Path<'_>, problems: &mut Problems) -> Option<Self> {{"
    );
    if shape.members.is_empty() {
        text.push_str("object(json, at, problems).map(|_| Self {}) } }\n\n");
        return Ok(());
    }
    text.push_str("let mut map = object(json, at, problems)?;\nlet mut members = Members::new(&mut map, at, problems);\n");
    for member in &shape.members {
        let _ = writeln!(text, "let {} = members.{};", names::field(&member.name), body_call(service, member)?);
    }
    write_construction(text, &shape.members);
    text.push_str("} }\n\n");
    Ok(())
}

/// The type itself. Default is derived where every required member has one: an enum has no value to stand for "none given".
fn write_type(text: &mut String, service: &Service, doc: &str, name: &str, members: &[Member]) -> Result<(), String> {
    let default = if has_default(service, members) { " Default," } else { "" };
    let _ = writeln!(text, "/// {doc}\n#[derive(Clone, Debug,{default} PartialEq)]\npub struct {name} {{");
    for member in members {
        let place = match member.place {
            Place::Uri => " in the path",
            Place::Query if member.kind == Kind::Map => ", spread over the query",
            Place::Query => " in the query",
            Place::Header => " as a header",
            Place::Payload => ", the whole body",
            Place::Body | Place::StatusCode => "",
        };
        let kind = member_type(service, member)?;
        let _ = writeln!(text, "/// `{}`{place}.\npub {}: {kind},", member.wire, names::field(&member.name));
    }
    text.push_str("}\n\n");
    Ok(())
}

fn has_default(service: &Service, members: &[Member]) -> bool {
    members.iter().filter(|member| member.required).all(|member| match service.shape(&member.shape) {
        Some(shape) if shape.kind == Kind::Structure => has_default(service, &shape.members),
        _ => !service.is_enum(&member.shape),
    })
}

fn write_construction(text: &mut String, members: &[Member]) {
    text.push_str("Some(Self {");
    for member in members {
        let field = names::field(&member.name);
        let _ = write!(text, "{field}: {field}?,");
    }
    text.push_str("})\n");
}

fn write_writer(text: &mut String, service: &Service, shape_name: &str, name: &str, shape: &Shape) -> Result<(), String> {
    let whole = shape.members.iter().any(|member| member.place == Place::Payload);
    let returned: Vec<&Operation> =
        service.table.operations.iter().filter(|operation| operation.output_shape.as_deref() == Some(shape_name)).collect();
    if whole {
        return write_payload_writer(text, shape_name, name, shape);
    }
    let unused = if shape.members.is_empty() { "" } else { "self" };
    let _ = writeln!(text, "impl IntoJson for {name} {{ fn into_json(self) -> Value {{ MembersOut::default()");
    for member in &shape.members {
        if member.place != Place::Body {
            return Err(format!("{shape_name}.{} does not travel in the body, which only payload outputs can", member.name));
        }
        let how = if member.required { "required" } else { "optional" };
        let value = format!("{unused}.{}", names::field(&member.name));
        let value = match (service.kind(&member.shape), member.required) {
            (Kind::Timestamp, true) => format!("{}({value})", timestamp_writer(service, member)?),
            (Kind::Timestamp, false) => format!("{value}.map({})", timestamp_writer(service, member)?),
            _ => value,
        };
        let _ = write!(text, ".{how}({:?}, {value})", member.wire);
    }
    text.push_str(".finish() } }\n\n");
    if !returned.is_empty() {
        // A deletion answers nothing, even where the model gives it an (empty) output.
        let body = if shape.members.is_empty() && returned.iter().all(|operation| operation.method == "DELETE") {
            "WireResponse::empty(status)"
        } else {
            "WireResponse::json(status, &self.into_json())"
        };
        let _ = writeln!(text, "impl WriteOutput for {name} {{ fn write(self, status: u16) -> WireResponse {{ {body} }} }}\n");
    }
    Ok(())
}

fn write_payload_writer(text: &mut String, shape_name: &str, name: &str, shape: &Shape) -> Result<(), String> {
    let mut response = String::new();
    let mut headers = String::new();
    for member in &shape.members {
        let field = names::field(&member.name);
        match member.place {
            Place::Payload => response = format!("WireResponse::blob(status, self.{field})"),
            Place::Header => drop(write!(headers, ".header({:?}, self.{field})", member.wire)),
            _ => return Err(format!("{shape_name}.{} travels neither as payload nor as header", member.name)),
        }
    }
    let _ = writeln!(
        text,
        "impl WriteOutput for {name} {{ fn write(self, status: u16) -> WireResponse {{ {response}{headers} }} }}\n"
    );
    Ok(())
}

fn timestamp_writer(service: &Service, member: &Member) -> Result<&'static str, String> {
    match service.shape(&member.shape).and_then(|shape| shape.timestamp.as_deref()) {
        Some("unixTimestamp") => Ok("EpochJson"),
        Some("iso8601") => Ok("Iso8601Json"),
        other => Err(format!("{}: unknown timestamp encoding {other:?}", member.name)),
    }
}

fn read_input_member(service: &Service, operation: &Operation, member: &Member) -> Result<String, String> {
    let Member { wire, kind, required, .. } = member;
    let place = names::lower_camel(&member.name);
    let rules = rules(service, &member.shape, &member.limits)?;
    Ok(match (member.place, rules) {
        (Place::Body, _) => format!("input.body().{}", body_call(service, member)?),
        (Place::Uri, None) => format!("input.label({wire:?}, {place:?})"),
        (Place::Uri, Some(rules)) => format!("input.checked_label({wire:?}, {place:?}, {rules})"),
        (Place::Query, None) if *kind == Kind::Map => format!("input.query_map(&[{}])", claimed(operation)),
        (Place::Query, None) if *kind == Kind::List && *required => format!("input.required_query_list({wire:?}, {place:?})"),
        (Place::Query, None) if *kind == Kind::List => format!("input.query_list({wire:?})"),
        (Place::Query, None) if *required => format!("input.required_query({wire:?}, {place:?})"),
        (Place::Query, None) => format!("input.query({wire:?}, {place:?})"),
        (Place::Query, Some(rules)) if !required => format!("input.checked_query({wire:?}, {place:?}, {rules})"),
        (Place::Header, None) if !required => format!("input.header({wire:?})"),
        // AWS answers a payload that is too large with an error of its own, so its length is the operation's to check.
        (Place::Payload, _) => "input.payload()".to_owned(),
        other => return Err(format!("{}.{}: cannot read {other:?}", operation.name, member.name)),
    })
}

/// The query parameters that are members of their own or choose the route.
fn claimed(operation: &Operation) -> String {
    let route = operation.uri.split_once('?').map(|(_, query)| query.split('=').next().unwrap_or(query).to_owned());
    let members = operation.input.iter().filter(|member| member.place == Place::Query && member.kind != Kind::Map);
    let names: BTreeSet<String> = members.map(|member| member.wire.clone()).chain(route).collect();
    names.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ")
}

fn body_call(service: &Service, member: &Member) -> Result<String, String> {
    let how = if member.required { "required" } else { "optional" };
    Ok(match rules(service, &member.shape, &member.limits)? {
        None => format!("{how}({:?})", member.wire),
        Some(rules) => format!("{how}_checked({:?}, {rules})", member.wire),
    })
}

/// The constraints of a member as an expression, or `None` when its type says everything.
fn rules(service: &Service, shape_name: &str, limits: &Limits) -> Result<Option<String>, String> {
    let kind = service.kind(shape_name);
    let mut rules = Vec::new();
    let (min, max) = match kind {
        Kind::Integer | Kind::Long | Kind::Double | Kind::Float => ("ValueMin", "ValueMax"),
        _ => ("LengthMin", "LengthMax"),
    };
    let sensible = |limit: &i64| !(*limit == 0 && min == "LengthMin");
    rules.extend(limits.min.filter(sensible).map(|limit| format!("Rule::{min}({limit})")));
    rules.extend(limits.max.map(|limit| format!("Rule::{max}({limit})")));
    if let Some(pattern) = &limits.pattern {
        rules.push(format!("Rule::Form(Pattern::{})", pattern_name(pattern)?));
    }
    match service.shape(shape_name).and_then(|shape| shape.of.as_ref()) {
        Some(Of::Element(element)) => rules.extend(element_rules(service, element)?.map(|each| format!("Rule::Each({each})"))),
        Some(Of::Entry(key, value)) => {
            for of in [key, value] {
                refuse_rules(service, of)?;
            }
        }
        None => {}
    }
    Ok((!rules.is_empty()).then(|| format!("&[{}]", rules.join(", "))))
}

fn element_rules(service: &Service, element: &str) -> Result<Option<String>, String> {
    service.shape(element).map_or(Ok(None), |shape| rules(service, element, &shape.limits))
}

/// No map of the tables that requests hold has constraints on its keys or values.
fn refuse_rules(service: &Service, of: &str) -> Result<(), String> {
    element_rules(service, of)?.map_or(Ok(()), |rules| Err(format!("{of}: cannot generate {rules} inside a map")))
}

fn pattern_name(pattern: &str) -> Result<&'static str, String> {
    match pattern {
        r"[1-5]\d\d" => Ok("StatusCode"),
        r"^([1-5]\d\d|\*|\s*)$" => Ok("StatusCodeOrAny"),
        other => Err(format!("pattern {other} is not written in wire/checks.rs yet")),
    }
}

fn member_type(service: &Service, member: &Member) -> Result<String, String> {
    let plain = rust_type(service, &member.shape)?;
    Ok(if member.required { plain } else { format!("Option<{plain}>") })
}

fn rust_type(service: &Service, shape_name: &str) -> Result<String, String> {
    let of = service.shape(shape_name).and_then(|shape| shape.of.as_ref());
    Ok(match (service.kind(shape_name), of) {
        (Kind::String, _) if service.is_enum(shape_name) => shape_name.to_owned(),
        (Kind::String, _) => "String".to_owned(),
        (Kind::Integer, _) => "i32".to_owned(),
        (Kind::Long, _) => "i64".to_owned(),
        (Kind::Double | Kind::Float, _) => "f64".to_owned(),
        (Kind::Boolean, _) => "bool".to_owned(),
        (Kind::Blob, _) => "Bytes".to_owned(),
        (Kind::Timestamp, _) => "Timestamp".to_owned(),
        (Kind::List, Some(Of::Element(element))) => format!("Vec<{}>", rust_type(service, element)?),
        (Kind::Map, Some(Of::Entry(_, value))) => format!("IndexMap<String, {}>", rust_type(service, value)?),
        (Kind::Structure, _) => names::type_name(shape_name).to_owned(),
        (kind, _) => return Err(format!("{shape_name}: {kind:?} without what it holds")),
    })
}

/// What generated code names, by where it comes from.
const IMPORTS: [(&str, &[&str]); 4] = [
    ("bytes", &["Bytes"]),
    ("indexmap", &["IndexMap"]),
    ("serde_json", &["Value"]),
    (
        "crate::wire",
        &[
            "EpochJson",
            "FromJson",
            "InputReader",
            "IntoJson",
            "Iso8601Json",
            "Members",
            "MembersOut",
            "Path",
            "Pattern",
            "Problems",
            "ReadInput",
            "Rule",
            "Timestamp",
            "WireResponse",
            "WriteOutput",
            "object",
        ],
    ),
];

/// The file: header, the imports that its code needs, the code.
fn with_imports(service: &Service, body: &str) -> String {
    let used = identifiers(body);
    let mut text = format!("{HEADER}\n");
    let own: BTreeSet<&str> = body.lines().filter_map(|line| line.strip_prefix("pub struct ")?.split(' ').next()).collect();
    for (source, candidates) in IMPORTS {
        if source.starts_with("crate") && text.contains("\nuse ") {
            text.push('\n');
        }
        push_use(&mut text, source, candidates.iter().copied().filter(|name| used.contains(name)).collect());
    }
    let shapes = service.table.shapes.iter().filter(|(name, shape)| shape.kind == Kind::Structure || service.is_enum(name));
    let foreign = shapes.map(|(name, _)| names::type_name(name)).filter(|name| used.contains(name) && !own.contains(name));
    push_use(&mut text, "super", foreign.collect());
    format!("{text}\n{body}")
}

fn push_use(text: &mut String, source: &str, names: Vec<&str>) {
    if !names.is_empty() {
        let _ = writeln!(text, "use {source}::{{{}}};", names.join(", "));
    }
}

/// The words of the code, without comments and string literals (which hold no quotes themselves).
fn identifiers(body: &str) -> BTreeSet<&str> {
    let code = body.lines().filter(|line| !line.trim_start().starts_with("//"));
    let outside_strings = code.flat_map(|line| line.split('"').step_by(2));
    outside_strings.flat_map(|part| part.split(|letter: char| !letter.is_alphanumeric() && letter != '_')).collect()
}
