//! Mapping templates: what a REST API's templates see, on top of the Velocity engine.
//!
//! A [`MappingTemplate`] is compiled with its deployment. A rendering reads [`Inputs`], which are owned and cheap to make, and ends with
//! a text and [`Overrides`]. It is synchronous, takes no lock that others take, and is bounded by [`RenderLimits`]: a caller renders with
//! small ones first, in the place where it is, and again with large ones elsewhere if that was not enough.

mod document;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod inputs;
mod named_values;
mod objects;
mod overrides;
mod paths;
mod util;

#[cfg(test)]
mod measured;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use postern_velocity::{Error, ErrorKind, Heap, Limit, Limits, Options, Template, Value};

pub(crate) use self::document::{Document, Json, NotJson};
pub(crate) use self::inputs::{Inputs, LiveRequest, ParameterKind, RequestFacts};
use self::named_values::{Group, NamedValues};
use self::objects::{Context, Input, Session};
pub(crate) use self::overrides::{Named, OverrideValue, Overrides, RequestOverrides, ResponseOverrides, fit_in_a_message};
use self::paths::Paths;
use self::util::Util;

/// Why a template does not compile, with its line and column.
pub(crate) type TemplateError = Error;

/// A mapping template, ready to be rendered.
#[derive(Debug)]
pub(crate) struct MappingTemplate(Kind);

#[derive(Debug)]
enum Kind {
    /// Text in which nothing is to be evaluated.
    Literal(Bytes),
    Velocity(Box<Compiled>),
}

#[derive(Debug)]
struct Compiled {
    template: Template,
    paths: Arc<Paths>,
    reads_body: bool,
}

/// What a template rendered to.
#[derive(Debug)]
pub(crate) struct Rendered {
    pub(crate) text: String,
    /// Those that the inputs carried, and the template's own.
    pub(crate) overrides: Overrides,
}

/// Why a template did not render. AWS answers 500 to both.
#[derive(Debug)]
pub(crate) enum RenderError {
    /// It would take more work or memory than the limits allow; with larger ones it may render.
    OutOfBudget(Box<Error>),
    /// It fails with any limits.
    Failed(Box<Error>),
}

/// What one rendering may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RenderLimits {
    /// Steps of work; one takes 20 to 80 nanoseconds (see `measured.rs`): loops and sums the least, JSONPath filters the most.
    work_max: u64,
    /// Bytes of all strings and collections that are made.
    allocated_bytes_max: u64,
}

impl RenderLimits {
    /// Measured as 0.2 to 0.8 milliseconds: what a worker may spend while its other requests wait.
    pub(crate) const INLINE: Self = Self { work_max: 10_000, allocated_bytes_max: 4 << 20 };

    /// A second at most, and several times the largest payload.
    pub(crate) const FULL: Self = Self { work_max: 10_000_000, allocated_bytes_max: 128 << 20 };

    fn engine(self) -> Limits {
        Limits { work_max: self.work_max, allocated_bytes_max: self.allocated_bytes_max, ..Options::api_gateway().limits }
    }
}

impl MappingTemplate {
    /// Compiles a template's text.
    pub(crate) fn compile(text: &str) -> Result<Self, TemplateError> {
        if !text.contains(['$', '#']) {
            return Ok(Self(Kind::Literal(Bytes::copy_from_slice(text.as_bytes()))));
        }
        let template = Template::parse(text, &Options::api_gateway())?;
        let paths = Arc::new(Paths::of_template(text));
        let reads_body = template.uses("input") && uses_input_beyond_parameters(text);
        Ok(Self(Kind::Velocity(Box::new(Compiled { template, paths, reads_body }))))
    }

    /// The text, when nothing is to be evaluated.
    pub(crate) fn literal(&self) -> Option<&Bytes> {
        match &self.0 {
            Kind::Literal(text) => Some(text),
            Kind::Velocity(_) => None,
        }
    }

    /// Whether it may read the body.
    pub(crate) fn reads_body(&self) -> bool {
        match &self.0 {
            Kind::Literal(_) => false,
            Kind::Velocity(compiled) => compiled.reads_body,
        }
    }

    /// Renders the template.
    pub(crate) fn render(&self, inputs: &Arc<Inputs>, limits: RenderLimits) -> Result<Rendered, RenderError> {
        let compiled = match &self.0 {
            Kind::Literal(text) => {
                let text = String::from_utf8_lossy(text).into_owned();
                return Ok(Rendered { text, overrides: inputs.overrides.clone() });
            }
            Kind::Velocity(compiled) => compiled,
        };
        let mut heap = Heap::new(&limits.engine());
        let session = Session::new(Arc::clone(inputs), Arc::clone(&compiled.paths));
        let used = |(name, make): &(&'static str, MakeVariable)| compiled.template.uses(name).then(|| (*name, make(&session)));
        match compiled.template.render(&mut heap, VARIABLES.iter().filter_map(used)) {
            Ok(text) => Ok(Rendered { text, overrides: session.final_overrides(&mut heap) }),
            Err(error) if session.is_spent() || is_about_budget(error.kind()) => Err(RenderError::OutOfBudget(Box::new(error))),
            Err(error) => Err(RenderError::Failed(Box::new(error))),
        }
    }
}

/// Makes a variable's value for one rendering.
type MakeVariable = fn(&Arc<Session>) -> Value;

/// What templates can name (AWS docs, "Variables for data transformations for API Gateway").
const VARIABLES: [(&str, MakeVariable); 4] = [
    ("input", Input::value),
    ("context", Context::value),
    ("util", Util::value),
    ("stageVariables", |session| NamedValues::value(&session.inputs, Group::StageVariables)),
];

/// Whether `input` is ever followed by something else than `.params(`; conservative, as it may be in a text or another name.
fn uses_input_beyond_parameters(text: &str) -> bool {
    text.match_indices("input").any(|(at, name)| !text[at + name.len()..].starts_with(".params("))
}

fn is_about_budget(kind: &ErrorKind) -> bool {
    matches!(kind, ErrorKind::Limit(Limit::Work | Limit::AllocatedBytes))
}

impl RenderError {
    /// Where and why.
    pub(crate) fn error(&self) -> &Error {
        match self {
            Self::OutOfBudget(error) | Self::Failed(error) => error,
        }
    }
}

/// One line, for the log.
impl fmt::Display for RenderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let error = self.error();
        write!(f, "line {}, column {}: {}", error.line(), error.column(), error.kind())
    }
}
