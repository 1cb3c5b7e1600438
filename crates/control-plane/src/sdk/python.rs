//! Python: one module on the standard library.

use super::identifier::{self, Names, snake};
use super::javascript::{pieces, summary, title};
use super::operations::{Auth, Client, ClientMethod, Need, Place, Verb};
use super::template::render;
use super::{File, text};

const SOURCE: &str = include_str!("templates/python/apig_client.py");
const METHOD: &str = include_str!("templates/python/method.py");
const README: &str = include_str!("templates/python/README.md");
const PROJECT: &str = include_str!("templates/python/pyproject.toml");
/// The folder in the archive.
const FOLDER: &str = "apiGateway-python-sdk";
/// Words that are no names (the language's reference, "Keywords"); those that begin with a capital cannot come up.
const KEYWORDS: &[&str] = &[
    "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del", "elif", "else", "except", "finally",
    "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try",
    "while", "with", "yield",
];
/// Parameters that every method has.
const COMMON: &[&str] = &["self", "body", "headers", "query", "http_method"];

/// The files.
pub(super) fn files(client: &Client) -> Vec<File> {
    let mut names = Names::new(KEYWORDS, &[]);
    let named: Vec<(String, &ClientMethod)> =
        client.methods.iter().map(|method| (names.take(&snake(&identifier::operation(method), "operation")), method)).collect();
    let methods: String = named.iter().map(|(name, method)| write_method(name, method)).collect();
    let title = title(client);
    let source = render(
        SOURCE,
        &[
            ("title", &title),
            ("invoke_url", &text::python(&client.source.invoke_url)),
            ("region", &text::python(&client.source.region)),
            ("methods", &methods),
        ],
    );
    let example = named.first().map_or_else(
        || "# this stage has no methods".to_owned(),
        |(name, method)| {
            let given: Vec<String> = arguments(method)
                .iter()
                .filter(|argument| argument.need == Need::Required)
                .map(|argument| format!("{}=\"...\"", argument.name))
                .collect();
            format!("client.{name}({})", given.join(", "))
        },
    );
    vec![
        File::new(format!("{FOLDER}/README.md"), render(README, &[("title", &title), ("example", &example)])),
        File::new(format!("{FOLDER}/apig_client.py"), source),
        File::new(format!("{FOLDER}/pyproject.toml"), PROJECT),
    ]
}

/// A parameter and its name in Python.
pub(super) struct Argument<'a> {
    pub(super) name: String,
    pub(super) wire_name: &'a str,
    pub(super) place: Place,
    pub(super) need: Need,
}

fn arguments(method: &ClientMethod) -> Vec<Argument<'_>> {
    let mut names = Names::new(KEYWORDS, COMMON);
    named_arguments(method, &mut |wire_name| names.take(&snake(wire_name, "parameter")))
}

/// The parameters under the names that `name` gives them.
pub(super) fn named_arguments<'a>(method: &'a ClientMethod, name: &mut dyn FnMut(&str) -> String) -> Vec<Argument<'a>> {
    method
        .parameters
        .iter()
        .map(|parameter| Argument {
            name: name(&parameter.name),
            wire_name: &parameter.name,
            place: parameter.place,
            need: parameter.need,
        })
        .collect()
}

fn write_method(name: &str, method: &ClientMethod) -> String {
    let arguments = arguments(method);
    let mut signature: Vec<String> = Vec::new();
    for argument in &arguments {
        signature.push(if argument.need == Need::Required { argument.name.clone() } else { format!("{}=None", argument.name) });
    }
    let variable = |wire_name: &str, greedy: bool| {
        let found = arguments.iter().find(|argument| argument.place == Place::Path && argument.wire_name == wire_name);
        let value = found.map_or("None", |argument| argument.name.as_str());
        let function = if greedy { "_segments" } else { "_segment" };
        format!("{function}({}, {value})", text::python(wire_name))
    };
    let pairs = |place: Place| {
        let written: Vec<String> = arguments
            .iter()
            .filter(|argument| argument.place == place)
            .map(|argument| {
                let wire_name = text::python(argument.wire_name);
                match argument.need {
                    Need::Required => format!("({wire_name}, _needed({wire_name}, {}))", argument.name),
                    Need::Optional => format!("({wire_name}, {})", argument.name),
                }
            })
            .collect();
        written.join(", ")
    };
    let verb = match &method.verb {
        Verb::Fixed(verb) => text::python(verb),
        Verb::Any => {
            signature.push("http_method".to_owned());
            "http_method".to_owned()
        }
    };
    signature.extend(["body", "headers", "query"].map(|name| format!("{name}=None")));
    render(
        METHOD,
        &[
            ("comment", &summary(method)),
            ("name", name),
            ("signature", &signature.join(", ")),
            ("verb", &verb),
            ("path", &pieces(&method.segments, text::python, variable)),
            ("query", &pairs(Place::Query)),
            ("headers", &pairs(Place::Header)),
            ("auth", if method.auth == Auth::Iam { "_AWS_IAM" } else { "_NONE" }),
        ],
    )
}
