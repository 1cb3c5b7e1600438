//! The generated sources: held against snapshots, read by each language's own tools, run against a listener.
#![allow(clippy::unwrap_used)]

mod hostile;
mod running;
mod snapshots;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use postern_api_model::rest_api::{Definition, Method, MethodResponse, Model, Resource};
use serde_json::json;

use super::*;
use crate::server::fixture::{API, ROOT, api, method};

/// A definition under construction, by paths in place of ids.
pub(super) struct Draft {
    definition: Definition,
}

impl Draft {
    /// An API of this name without a method.
    pub(super) fn new(name: &str) -> Self {
        let mut definition = api().definition;
        name.clone_into(&mut definition.name);
        definition.resources.get_mut(ROOT).unwrap().methods.clear();
        Self { definition }
    }

    /// A method on the resource whose parts are these, made where it is missing.
    pub(super) fn method(mut self, verb: &str, parts: &[&str], change: impl FnOnce(&mut Method)) -> Self {
        let mut id = ROOT.to_owned();
        for part in parts {
            let child = format!("{id}/{part}");
            self.definition.resources.entry(child.clone()).or_insert_with(|| Resource {
                id: child.clone(),
                parent_id: Some(id),
                path_part: (*part).to_owned(),
                methods: Default::default(),
            });
            id = child;
        }
        let mut made = method(verb);
        change(&mut made);
        self.definition.resources.get_mut(&id).unwrap().methods.insert(verb.to_owned(), made);
        self
    }

    /// A model.
    pub(super) fn model(mut self, name: &str, schema: serde_json::Value) -> Self {
        let model = Model {
            id: name.to_owned(),
            name: name.to_owned(),
            content_type: "application/json".to_owned(),
            description: None,
            schema: schema.to_string(),
        };
        self.definition.models.insert(model.name.clone(), model);
        self
    }

    pub(super) fn client(&self, invoke_url: &str) -> Client {
        let source = Source {
            api_id: API.to_owned(),
            stage: "dev".to_owned(),
            region: "eu-west-1".to_owned(),
            invoke_url: invoke_url.to_owned(),
        };
        Client::new(&self.definition, source).unwrap()
    }
}

/// What most APIs have: a root, variables, a greedy one, every kind of parameter, models, keys, authorizers and signatures.
pub(super) fn pets() -> Draft {
    let reference = json!({"$ref": "https://apigateway.amazonaws.com/restapis/abc/models/Pet"});
    Draft::new("Pets & friends")
        .model("Pet", json!({"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}, "price": {"type": "number"}}}))
        .model("Pets", json!({"type": "array", "items": reference}))
        .method("GET", &[], |_| {})
        .method("GET", &["pets"], |method| {
            method.request_parameters.insert("method.request.querystring.type".into(), true);
            method.request_parameters.insert("method.request.querystring.page-size".into(), false);
            method.request_parameters.insert("method.request.header.X-Trace".into(), false);
            let mut response = MethodResponse::default();
            response.response_models.insert("application/json".into(), "Pets".into());
            method.responses.insert("200".into(), response);
            method.api_key_required = true;
        })
        .method("POST", &["pets"], |method| {
            method.operation_name = Some("CreatePet".into());
            method.request_models.insert("application/json".into(), "Pet".into());
            method.authorization_type = "CUSTOM".into();
        })
        .method("PUT", &["pets", "{petId}", "{rest+}"], |method| {
            method.request_parameters.insert("method.request.querystring.path".into(), false);
            method.request_parameters.insert("method.request.header.x-amz-meta".into(), false);
            method.authorization_type = "AWS_IAM".into();
        })
        .method("ANY", &["any", "{class}"], |_| {})
}

/// The properties that the language needs, filled in.
pub(super) fn properties(kind: &str) -> Properties {
    let given: &[(&str, &str)] = match kind {
        "java" => {
            &[("service.name", "PetClient"), ("java.package-name", "com.example.pets"), ("java.license-text", "(c) \"Us\"\n*/ x")]
        }
        "ruby" => &[("service.name", "Pet")],
        _ => &[],
    };
    let given = given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Properties::new(find(kind).unwrap(), given).unwrap()
}

pub(super) fn generated(client: &Client, kind: &str) -> Vec<File> {
    files(client, find(kind).unwrap().language.unwrap(), &properties(kind)).unwrap()
}

/// The files of an SDK in a directory of their own.
pub(super) struct Unpacked {
    dir: tempfile::TempDir,
}

impl Unpacked {
    pub(super) fn new(files: &[File]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        for file in files {
            let path = dir.path().join(&file.path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, &file.text).unwrap();
        }
        Self { dir }
    }

    pub(super) fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    pub(super) fn write(&self, path: &str, text: &str) -> PathBuf {
        let path = self.path(path);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Compiles every Java file into `classes`.
    pub(super) fn compile_java(&self) {
        let mut sources = Vec::new();
        collect(self.dir.path(), "java", &mut sources);
        let classes = self.path("classes");
        must(Command::new("javac").args(["-proc:none", "-encoding", "UTF-8", "-d"]).arg(classes).args(sources));
    }
}

fn collect(dir: &Path, extension: &str, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, extension, found);
        } else if path.extension().is_some_and(|other| other == extension) {
            found.push(path);
        }
    }
}

/// Whether a language's tool is installed; a test that needs it says so and ends where it is not.
pub(super) fn has(tool: &str) -> bool {
    let found = Command::new(tool).arg("--version").output().is_ok_and(|output| output.status.success());
    if !found {
        eprintln!("skipped: {tool} is not installed");
    }
    found
}

/// Runs to its end, successfully, and gives what it wrote.
pub(super) fn must(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let (stdout, stderr) = (String::from_utf8_lossy(&stdout).into_owned(), String::from_utf8_lossy(&stderr).into_owned());
    assert!(status.success(), "{command:?}: {status}\n{stdout}\n{stderr}");
    stdout
}
