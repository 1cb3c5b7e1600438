//! First stage for the tables with names: from the file's syntax to tables whose keys are known. Nothing is interpreted yet.

use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::Problem;
use super::sources::{Place, Value, line_of, toml_value, unknown};
use super::tables::{Field, TABLES, Table};

/// A table as it was given.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its kind.
    pub table: &'static Table,
    /// Its name.
    pub name: String,
    /// Where it begins.
    pub place: Place,
    /// What stands in it.
    pub fields: Vec<GivenField>,
}

/// A key of it.
#[derive(Clone, Debug)]
pub struct GivenField {
    /// Which.
    pub field: &'static Field,
    /// What it is given.
    pub value: Value,
    /// The line.
    pub place: Place,
}

/// The kind of table that stands in this section.
pub fn table_of(section: &str) -> Option<&'static Table> {
    TABLES.into_iter().find(|table| table.section == section)
}

/// Reads one table.
pub fn entry(
    table: &'static Table,
    name: &Spanned<std::borrow::Cow<'_, str>>,
    content: &DeTable<'_>,
    (shown, text): (&Path, &str),
    problems: &mut Vec<Problem>,
) -> Option<Entry> {
    let place_of = |offset| Place::File(shown.to_owned(), line_of(text, offset));
    let place = place_of(name.span().start);
    let mut entry = Entry { table, name: name.get_ref().to_string(), place, fields: Vec::new() };
    if !(table.is_name)(&entry.name) {
        let other = super::service_names::other_name(&entry.name).filter(|_| table.section == "services");
        let allowed = other.map_or_else(|| table.names.to_owned(), |other| format!("did you mean services.{other}?"));
        let wrong = format!("{:?} is not a name that it can have", entry.name);
        problems.push(Problem::mistake(table.section, entry.place.clone(), wrong, allowed));
        return None;
    }
    for (name, value) in content {
        let place = place_of(name.span().start);
        match table.fields.iter().find(|field| field.name == name.get_ref()) {
            Some(field) => {
                entry.fields.push(GivenField { field, value: toml_value(value.get_ref()).kept_as(field.takes), place })
            }
            None => {
                let known = table.fields.iter().map(|field| entry.path(field));
                problems.push(unknown(&entry.path_to(name.get_ref()), place, known));
            }
        }
    }
    Some(entry)
}

/// Whether this value of a section is such a table.
pub fn as_table<'a, 'b>(value: &'a Spanned<DeValue<'b>>) -> Option<&'a DeTable<'b>> {
    match value.get_ref() {
        DeValue::Table(content) => Some(content),
        _ => None,
    }
}

impl Entry {
    /// How the file writes a key of it.
    pub fn path(&self, field: &Field) -> String {
        self.path_to(field.name)
    }

    /// How the file writes the table.
    pub fn own_path(&self) -> String {
        let is_bare = self.name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        match is_bare {
            true => format!("{}.{}", self.table.section, self.name),
            false => format!("{}.{:?}", self.table.section, self.name),
        }
    }

    fn path_to(&self, name: &str) -> String {
        format!("{}.{name}", self.own_path())
    }

    /// What this field is given.
    pub fn given(&self, field: &Field) -> Option<&GivenField> {
        self.fields.iter().find(|given| given.field.name == field.name)
    }
}
