//! The authorizers of a deployment, and which of them a method asks.

use postern_api_model::rest_api::{Authorizer, Definition, Method};

/// Index of an authorizer in its [`CompiledApi`](super::CompiledApi).
pub(crate) type AuthorizerIndex = usize;

/// The authorization types that are built and need an authorizer.
pub(super) const BUILT_TYPES: &[&str] = &[];

/// One authorizer.
#[derive(Debug)]
pub(crate) struct CompiledAuthorizer {
    pub(crate) id: Box<str>,
    pub(crate) kind: AuthorizerKind,
}

/// How an authorizer decides.
#[derive(Debug)]
pub(crate) enum AuthorizerKind {
    /// In a way that is not built; methods that ask it are blocked.
    Unbuilt,
}

/// All authorizers of a definition.
pub(super) fn compile(definition: &Definition) -> Vec<CompiledAuthorizer> {
    let compile =
        |authorizer: &Authorizer| CompiledAuthorizer { id: authorizer.id.as_str().into(), kind: AuthorizerKind::Unbuilt };
    definition.authorizers.values().map(compile).collect()
}

/// The authorizer that a method asks, in the order of [`compile`]; or why every request to the method fails.
pub(super) fn of_method(method: &Method, definition: &Definition) -> Result<AuthorizerIndex, &'static str> {
    let id = method.authorizer_id.as_deref().ok_or("the method names no authorizer")?;
    let mut authorizers = definition.authorizers.values().enumerate();
    let (index, found) = authorizers.find(|(_, known)| known.id == id).ok_or("the method's authorizer does not exist")?;
    if Authorizer::authorization_type(found.kind) == method.authorization_type {
        Ok(index)
    } else {
        Err("the method's authorizer is of another type than its authorization")
    }
}
