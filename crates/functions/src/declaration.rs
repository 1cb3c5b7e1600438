//! What is wrong with a declaration, said before anything is started.

use postern_api_model::scope::Scope;

use crate::names::FunctionName;
use crate::settings::FunctionSettings;
use crate::spec::RESERVED;
use crate::{events, launch};

/// The name alone of what is declared as a name or an ARN, and where it is.
///
/// # Errors
/// When it is neither.
pub fn name(declared: &str, default: &Scope) -> Result<(String, Scope), String> {
    let wrong = || {
        format!(
            "{declared:?} is neither a name such as hello nor an ARN such as arn:aws:lambda:us-east-1:123456789012:function:hello"
        )
    };
    let name = FunctionName::parse(declared, default).filter(|name| name.qualifier.is_none()).ok_or_else(wrong)?;
    if declared != name.name && declared != name.unqualified_arn() {
        return Err(wrong());
    }
    Ok((name.name.clone(), name.scope()))
}

/// Whether a function can be run as it is declared.
///
/// # Errors
/// Says what to change.
pub fn check(settings: &FunctionSettings) -> Result<(), String> {
    if settings.concurrency_max == 0 {
        return Err("concurrency_max is 0: no process could ever be started".to_owned());
    }
    if settings.concurrency_min > settings.concurrency_max {
        return Err(format!(
            "concurrency_min ({}) is over concurrency_max ({})",
            settings.concurrency_min, settings.concurrency_max
        ));
    }
    if settings.timeout.is_zero() {
        return Err("its timeout is 0: no invocation could ever succeed".to_owned());
    }
    for (name, value) in &settings.environment {
        if RESERVED.contains(&name.as_str()) {
            return Err(format!("the environment variable {name} is Lambda's own: take it out"));
        }
        if name.is_empty() || name.contains(['=', '\0']) || value.contains('\0') {
            return Err(format!("{name:?} with its value is no environment variable"));
        }
    }
    events::check(settings.on_failure.as_ref())?;
    launch::check(settings)
}
