//! Renders one mapping template without a request: for the command line.

mod input;

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use postern_velocity::Error;
use serde_json::{Map, Value};

use crate::mapping_template::{Document, Inputs, MappingTemplate, Overrides, ParameterKind, RenderLimits, RequestFacts};

/// What a template reads, written down.
#[derive(Debug, Clone, Default)]
pub struct TemplateInput {
    /// The body's text.
    pub body: String,
    /// Path parameters, in order.
    pub path: Vec<(String, String)>,
    /// Query string parameters, in order; the last of several values counts.
    pub querystring: Vec<(String, String)>,
    /// Headers, in order; the case of their names does not count.
    pub header: Vec<(String, String)>,
    /// `$context`: texts, numbers and booleans, and objects of them.
    pub context: Map<String, Value>,
    /// `$stageVariables`.
    pub stage_variables: BTreeMap<String, String>,
}

/// What a template rendered to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateOutput {
    /// The text.
    pub text: String,
    /// What it overrides: names such as `responseOverride.status`, and values.
    pub overrides: Vec<(String, String)>,
}

/// Why a template did not render.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateFailure {
    /// The line, from 1.
    pub line: u32,
    /// The character in it, from 1.
    pub column: u32,
    /// What is wrong.
    pub message: String,
    /// The line itself, and below it a caret under the place.
    pub excerpt: String,
}

/// Compiles and renders a template, with the limits that it has when a request is served.
///
/// # Errors
/// When the template does not compile, or fails.
pub fn render_template(template: &str, mut input: TemplateInput) -> Result<TemplateOutput, TemplateFailure> {
    let compiled = MappingTemplate::compile(template).map_err(|error| failure(&error))?;
    let body = Arc::new(Document::new(Bytes::from(std::mem::take(&mut input.body))));
    let request = Arc::new(RequestFacts::Given(Box::new(input)));
    let inputs = Arc::new(Inputs { request, body, overrides: Overrides::default() });
    let rendered = compiled.render(&inputs, RenderLimits::FULL).map_err(|error| failure(error.error()))?;
    Ok(TemplateOutput { text: rendered.text, overrides: rendered.overrides.lines() })
}

fn failure(error: &Error) -> TemplateFailure {
    // The engine's own words are a line that says where and why, and two that show it.
    let shown = error.to_string();
    let excerpt = shown.split_once('\n').map_or("", |(_, excerpt)| excerpt).to_owned();
    TemplateFailure { line: error.line(), column: error.column(), message: error.kind().to_string(), excerpt }
}

impl TemplateInput {
    /// Reads `{"body": ..., "params": {"path": {}, "querystring": {}, "header": {}}, "context": {}, "stageVariables": {}}`; every member
    /// may be left out. The body is a text, or JSON that stands for its own text.
    ///
    /// # Errors
    /// Everything that is wrong, each in a sentence that says where.
    pub fn parse(text: &str) -> Result<Self, Vec<String>> {
        input::parse(text)
    }

    pub(crate) fn parameters(&self, kind: ParameterKind) -> &[(String, String)] {
        match kind {
            ParameterKind::Path => &self.path,
            ParameterKind::Query => &self.querystring,
            ParameterKind::Header => &self.header,
        }
    }
}
