//! TypeScript: the JavaScript client, with declarations of its methods and of the API's models.

use super::identifier::{Names, pascal};
use super::javascript;
use super::operations::{Client, ClientMethod, Need, Parameter};
use super::template::render;
use super::{File, schema, text};

const DECLARATIONS: &str = include_str!("templates/typescript/apigClient.d.ts");
const README: &str = include_str!("templates/typescript/README.md");
const PACKAGE: &str = include_str!("templates/javascript/package.json");
/// The folder in the archive.
const FOLDER: &str = "apiGateway-ts-sdk";
/// Names that types cannot have.
const KEYWORDS: &[&str] = &["Array", "Record"];
const RESERVED: &[&str] =
    &["any", "bigint", "boolean", "never", "null", "number", "object", "string", "symbol", "undefined", "unknown", "void"];

/// The files.
pub(super) fn files(client: &Client) -> Vec<File> {
    let title = javascript::title(client);
    vec![
        File::new(format!("{FOLDER}/README.md"), render(README, &[("title", &title), ("example", &javascript::example(client))])),
        File::new(format!("{FOLDER}/apigClient.js"), javascript::source(client)),
        File::new(format!("{FOLDER}/apigClient.d.ts"), declarations(client, &title)),
        File::new(format!("{FOLDER}/package.json"), render(PACKAGE, &[("types", ",\n  \"types\": \"apigClient.d.ts\"")])),
    ]
}

fn declarations(client: &Client, title: &str) -> String {
    let mut names = Names::new(KEYWORDS, RESERVED);
    let types: Vec<(&str, String, &str)> =
        client.models.iter().map(|(model, schema)| (model.as_str(), names.take(&type_name(model)), schema.as_str())).collect();
    let known = |model: &str| types.iter().find(|(name, _, _)| *name == model).map(|(_, name, _)| name.clone());
    let models: String =
        types.iter().map(|(_, name, schema)| format!("    type {name} = {};\n", schema::typescript(schema, &known))).collect();
    let qualified = |model: &Option<String>| model.as_deref().and_then(known).map(|name| format!("models.{name}"));
    let methods: String = javascript::named(client)
        .map(|(name, method)| {
            let (params, mark) = params(method);
            let body = qualified(&method.body_model).map_or_else(|| "unknown".to_owned(), |model| format!("{model} | Raw"));
            let result = qualified(&method.result_model).unwrap_or_else(|| "any".to_owned());
            format!(
                "    /** {} */\n    {name}(params{mark}: {params}, body?: {body}, additionalParams?: AdditionalParams): Promise<Result<{result}>>;\n",
                javascript::summary(method)
            )
        })
        .collect();
    render(DECLARATIONS, &[("title", title), ("models", &models), ("methods", &methods)])
}

/// A name of letters and digits that begins with a letter.
fn type_name(model: &str) -> String {
    let name = pascal(model, "Model");
    if name.starts_with(|first: char| first.is_ascii_digit()) { format!("Model{name}") } else { name }
}

/// The type of `params`, and the mark that it may be left out.
fn params(method: &ClientMethod) -> (String, &'static str) {
    let write = |parameter: &Parameter| {
        let mark = if parameter.need == Need::Required { "" } else { "?" };
        format!("{}{mark}: Value", text::javascript(&parameter.name))
    };
    let mut members: Vec<String> = Vec::new();
    for parameter in &method.parameters {
        // One member feeds a path and a query parameter of the same name.
        let twice = method.parameters.iter().take_while(|other| *other != parameter).any(|other| other.name == parameter.name);
        if !twice {
            members.push(write(parameter));
        }
    }
    let needed = method.parameters.iter().any(|parameter| parameter.need == Need::Required);
    let kind = if members.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", members.join("; ")) };
    (kind, if needed { "" } else { "?" })
}
