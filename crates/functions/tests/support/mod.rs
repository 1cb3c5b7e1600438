//! What the tests of running functions share: a directory with a function in it, and calls of it.
#![allow(clippy::unwrap_used, dead_code)]

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use postern_api_model::ports::{FunctionAnswer, FunctionCall, FunctionError, FunctionInvoker as _, Invocation, LogType};
use postern_api_model::scope::Scope;
use postern_functions::settings::{FunctionSettings, Launch};
use postern_functions::{Functions, FunctionsOptions, Reload};
use tempfile::TempDir;

/// A function that is declared, in a directory of its own.
pub struct Declared {
    pub directory: TempDir,
    pub settings: FunctionSettings,
}

impl Declared {
    /// A Python handler `app.handler` with this code.
    pub fn python(code: &str) -> Self {
        let declared = Self::new(Launch::Handler("app.handler".to_owned()));
        declared.write("app.py", code);
        declared
    }

    /// A program in Python that speaks the Runtime API itself.
    pub fn bootstrap(code: &str) -> Self {
        let declared = Self::new(Launch::Bootstrap);
        declared.write("bootstrap", &format!("#!/usr/bin/env python3\n{code}"));
        std::fs::set_permissions(declared.path().join("bootstrap"), std::fs::Permissions::from_mode(0o755)).unwrap();
        declared
    }

    pub fn new(launch: Launch) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let settings = FunctionSettings {
            name: "hello".to_owned(),
            launch,
            directory: directory.path().to_owned(),
            environment: BTreeMap::new(),
            memory_mb: 128,
            timeout: Duration::from_secs(20),
            concurrency_min: 0,
            concurrency_max: 10,
            idle_timeout: Duration::from_secs(300),
            on_failure: None,
        };
        Self { directory, settings }
    }

    pub fn with(mut self, change: impl FnOnce(&mut FunctionSettings)) -> Self {
        change(&mut self.settings);
        self
    }

    pub fn write(&self, file: &str, text: &str) {
        let file = self.path().join(file);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }

    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    pub fn start(self) -> Running {
        let functions = Functions::start(vec![self.settings.clone()], options()).unwrap();
        Running { functions, declared: self }
    }
}

/// A function that can be called, and its directory.
pub struct Running {
    pub functions: Functions,
    pub declared: Declared,
}

impl std::ops::Deref for Running {
    type Target = Functions;

    fn deref(&self) -> &Functions {
        &self.functions
    }
}

pub fn options() -> FunctionsOptions {
    FunctionsOptions {
        scope: Scope { account: "000000000000".to_owned(), region: "us-east-1".to_owned() },
        environment: BTreeMap::new(),
        reload: Reload::Never,
    }
}

pub fn with_reload(reload: Reload) -> FunctionsOptions {
    FunctionsOptions { reload, ..options() }
}

pub fn call(payload: &str) -> FunctionCall {
    FunctionCall {
        function: "hello".to_owned(),
        payload: Bytes::copy_from_slice(payload.as_bytes()),
        invocation: Invocation::RequestResponse,
        client_context: None,
        trace_id: None,
        log: LogType::None,
    }
}

pub async fn invoke(functions: &Functions, payload: &str) -> Result<FunctionAnswer, FunctionError> {
    functions.invoke(call(payload)).await
}

/// The result of a call that succeeds.
pub async fn result(functions: &Functions, payload: &str) -> String {
    let answer = invoke(functions, payload).await.unwrap();
    let text = String::from_utf8(answer.payload.to_vec()).unwrap();
    assert_eq!(answer.function_error, None, "{text}");
    text
}

/// The error object of a call that fails.
pub async fn error(functions: &Functions, payload: &str) -> serde_json::Value {
    let answer = invoke(functions, payload).await.unwrap();
    assert_eq!(answer.function_error.as_deref(), Some("Unhandled"), "{answer:?}");
    serde_json::from_slice(&answer.payload).unwrap()
}

pub const PATIENCE: Duration = Duration::from_secs(30);

pub async fn end(functions: Running) {
    functions.shutdown(PATIENCE).await;
}
