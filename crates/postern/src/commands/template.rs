//! `postern template`: renders a mapping template from a file, with the data plane's own engine and limits.

use std::io::Write;
use std::path::Path;

use postern_data_plane::render::{TemplateFailure, TemplateInput, render_template};

use crate::cli::TemplateArgs;
use crate::failure::Failure;

/// Renders to `out`, and says on `notes` what the template overrides.
///
/// # Errors
/// When a file cannot be read, the input is not what it should be, or the template fails.
pub fn run(arguments: &TemplateArgs, out: &mut dyn Write, notes: &mut dyn Write) -> Result<(), Failure> {
    let template = read(&arguments.template)?;
    let input = match &arguments.input {
        None => TemplateInput::default(),
        Some(path) => {
            let text = read(path)?;
            TemplateInput::parse(&text).map_err(|problems| Failure::TemplateInput { path: path.clone(), problems })?
        }
    };
    let rendered = render_template(&template, input).map_err(|failure| {
        let TemplateFailure { line, column, message, excerpt } = failure;
        Failure::Template { path: arguments.template.clone(), line, column, message, excerpt }
    })?;
    out.write_all(rendered.text.as_bytes()).and_then(|()| out.flush()).map_err(Failure::Output)?;
    for (name, value) in &rendered.overrides {
        // Nothing can be done about a closed stderr.
        let _ = writeln!(notes, "{name} = {value}");
    }
    Ok(())
}

fn read(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| Failure::Unreadable { path: path.to_owned(), reason: error.to_string() })
}
