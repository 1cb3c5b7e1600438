//! Transformation: what mappings read of a body, and what a template makes of it. Small work is done at once; what turns out to take
//! long is begun again among the heavy work, where it holds up nobody.

use std::sync::Arc;

use postern_jsonpath::{EvalError, Found, Limits};

use crate::compile::{BodySource, BodySources};
use crate::error::GatewayError;
use crate::heavy_work::HeavyWork;
use crate::mapping_template::{Document, Inputs, MappingTemplate, NotJson, RenderError, RenderLimits, Rendered};

/// Bytes of a body that may be read at once: parsing as many takes about half a millisecond.
const INLINE_BYTES_MAX: usize = 64 * 1024;
/// Steps of a mapping's JSONPath that are taken at once; they take about a millisecond.
const INLINE_PATH_STEPS_MAX: u64 = 20_000;

/// Bytes that the mappings of one message may read of a body together. AWS lets no more than 10,240 through in the header values of a
/// request; each mapping may read the whole of 10 MB.
const MAPPED_BYTES_MAX: usize = 256 * 1024;

/// What is to be made of a body.
#[derive(Clone)]
pub(crate) struct Transformation {
    pub(crate) document: Arc<Document>,
    /// What mappings read of it.
    pub(crate) sources: BodySources,
    pub(crate) template: Option<(Arc<MappingTemplate>, Arc<Inputs>)>,
}

/// What was made of it.
#[derive(Default)]
pub(crate) struct Transformed {
    /// In the order of the sources; `None` for what the body does not have.
    pub(crate) values: Vec<Option<String>>,
    pub(crate) rendered: Option<Rendered>,
}

/// Why nothing was made of it.
#[derive(Debug)]
pub(crate) enum Untransformable {
    /// A mapping reads JSON, and it is none.
    NotJson(NotJson),
    /// The template fails; the text is for the log.
    Template(String),
    /// Mappings read more than [`MAPPED_BYTES_MAX`].
    TooLarge,
    /// The work could not be done.
    Refused(GatewayError),
}

/// How much work is done.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Effort {
    Inline,
    Full,
}

/// The work is not for this place.
enum Stopped {
    TooLong,
    Failed(Untransformable),
}

impl Transformation {
    /// Makes what is to be made.
    pub(crate) async fn run(self, heavy: &HeavyWork, api_id: &str) -> Result<Transformed, Untransformable> {
        // A template that does not read the body does not care how long it is.
        let reads_body = !self.sources.is_empty() || self.template.as_ref().is_some_and(|(template, _)| template.reads_body());
        if !reads_body || self.document.len() <= INLINE_BYTES_MAX {
            match self.with(Effort::Inline) {
                Ok(transformed) => return Ok(transformed),
                Err(Stopped::Failed(reason)) => return Err(reason),
                Err(Stopped::TooLong) => {}
            }
        }
        let outcome = heavy.run(api_id, move || self.with(Effort::Full)).await.map_err(Untransformable::Refused)?;
        outcome.map_err(|stopped| match stopped {
            Stopped::Failed(reason) => reason,
            Stopped::TooLong => Untransformable::Template("a mapping's JSONPath takes more work than is allowed".to_owned()),
        })
    }

    fn with(&self, effort: Effort) -> Result<Transformed, Stopped> {
        let values = values(&self.document, &self.sources, effort)?;
        let Some((template, inputs)) = &self.template else { return Ok(Transformed { values, rendered: None }) };
        let limits = match effort {
            Effort::Inline => RenderLimits::INLINE,
            Effort::Full => RenderLimits::FULL,
        };
        match template.render(inputs, limits) {
            Ok(rendered) => Ok(Transformed { values, rendered: Some(rendered) }),
            Err(RenderError::OutOfBudget(_)) if effort == Effort::Inline => Err(Stopped::TooLong),
            Err(error) => Err(Stopped::Failed(Untransformable::Template(error.to_string()))),
        }
    }
}

fn values(document: &Document, sources: &BodySources, effort: Effort) -> Result<Vec<Option<String>>, Stopped> {
    if sources.is_empty() {
        return Ok(Vec::new());
    }
    // A body that begins as JSON has to be, even where all of it is mapped (reported).
    let json = document.parsed().map_err(|reason| Stopped::Failed(Untransformable::NotJson(reason)))?;
    let limits = match effort {
        Effort::Inline => Limits { steps_max: INLINE_PATH_STEPS_MAX, ..Limits::default() },
        Effort::Full => Limits::default(),
    };
    let value = |source: &BodySource| match source {
        BodySource::Whole if document.len() > MAPPED_BYTES_MAX => Err(Stopped::Failed(Untransformable::TooLarge)),
        BodySource::Whole => Ok(Some(document.text().trim().to_owned())),
        BodySource::Path(path) => match path.evaluate(json.root(), &limits) {
            Ok(Found::One(value)) if value.is_null() => Ok(None),
            Ok(found) => Ok(Some(json.plain_text(&found))),
            Err(EvalError::LimitExceeded { .. }) => Err(Stopped::TooLong),
            Err(_) => Ok(None),
        },
    };
    let (mut values, mut bytes) = (Vec::with_capacity(sources.len()), 0);
    for source in sources.iter() {
        let value = value(source)?;
        bytes += value.as_ref().map_or(0, String::len);
        if bytes > MAPPED_BYTES_MAX {
            return Err(Stopped::Failed(Untransformable::TooLarge));
        }
        values.push(value);
    }
    Ok(values)
}

const TOO_LARGE: &str = "parameter mappings read more of the body than parameters can hold";

impl Untransformable {
    /// For a request's body.
    pub(super) fn of_request(self) -> GatewayError {
        match self {
            Self::NotJson(NotJson::Malformed | NotJson::TooDeep) => GatewayError::MalformedJson,
            Self::NotJson(reason @ NotJson::TooLarge) => {
                GatewayError::Transformation(format!("Unable to transform request: {reason}"))
            }
            Self::Template(reason) => GatewayError::Transformation(format!("Unable to transform request: {reason}")),
            Self::TooLarge => GatewayError::Configuration(TOO_LARGE),
            Self::Refused(error) => error,
        }
    }

    /// For an integration's body.
    pub(crate) fn of_response(self) -> GatewayError {
        match self {
            Self::NotJson(reason) => GatewayError::Transformation(format!("Unable to transform response: {reason}")),
            Self::Template(reason) => GatewayError::Transformation(format!("Unable to transform response: {reason}")),
            Self::TooLarge => GatewayError::Configuration(TOO_LARGE),
            Self::Refused(error) => error,
        }
    }
}
