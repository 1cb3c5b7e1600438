//! `enums.rs`: the closed sets of strings.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::table::Service;
use super::{HEADER, names};

/// The file, or `None` for a service without enums. Enums that requests hold can be read, in AWS's own order of messages.
pub fn file(service: &Service, order: Option<&BTreeMap<String, Vec<String>>>) -> Result<Option<String>, String> {
    let mut text = String::new();
    let mut any_read = false;
    let used = |name: &String| service.read.contains(name) || service.written.contains(name);
    for (name, shape) in service.table.shapes.iter().filter(|(name, _)| used(name)) {
        let Some(values) = &shape.limits.values else { continue };
        write_enum(&mut text, name, values);
        if service.read.contains(name) {
            any_read = true;
            let listed = listed(name, values, order.and_then(|order| order.get(name)))?;
            let _ = writeln!(text, "\nread_enum!({name}: {:?});", format!("[{}]", listed.join(", ")));
        }
    }
    let import = if any_read { "{read_enum, wire_enum}" } else { "wire_enum" };
    Ok((!text.is_empty()).then(|| format!("{HEADER}\nuse crate::wire::{import};\n{text}")))
}

fn write_enum(text: &mut String, name: &str, values: &[String]) {
    let _ = writeln!(text, "\nwire_enum! {{\n    /// `{name}`.\n    pub enum {name} {{");
    for value in values {
        let _ = writeln!(text, "        {} = {value:?},", names::variant(value));
    }
    text.push_str("    }\n}\n");
}

/// The values in the order of messages: the model's unless another is known.
fn listed<'a>(name: &str, values: &'a [String], order: Option<&'a Vec<String>>) -> Result<&'a [String], String> {
    let Some(order) = order else { return Ok(values) };
    let sorted = |list: &[String]| {
        let mut list = list.to_vec();
        list.sort();
        list
    };
    if sorted(values) == sorted(order) {
        Ok(order)
    } else {
        Err(format!("enum-order.json: {name} has other values than the model"))
    }
}
