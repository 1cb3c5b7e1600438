//! What a path part may be, and where it may stand.

use postern_api_model::error::{ApiError, ApiResult};
use postern_api_model::rest_api::{Definition, Resource};

/// Refuses what is no path part: a name, `{variable}` or `{greedy+}`.
pub(super) fn check_part(part: &str) -> ApiResult<()> {
    if part.is_empty() {
        return Err(ApiError::bad_request("Resource's path part must be specified"));
    }
    let name = match part.strip_prefix('{').and_then(|inner| inner.strip_suffix('}')) {
        Some(variable) => variable.strip_suffix('+').unwrap_or(variable),
        None => part,
    };
    // Colon, comma and dollar sign are accepted today; the text names the colon only.
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-:,$".contains(&byte);
    if name.is_empty() || !name.bytes().all(is_allowed) {
        return Err(ApiError::bad_request(
            "Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and curly braces at the beginning \
             and the end.",
        ));
    }
    Ok(())
}

/// Refuses a resource where it stands (or is to stand): under a greedy part, above children when it is greedy itself, beside
/// one of its name, or beside another variable.
pub(super) fn check_place(definition: &Definition, resource: &Resource) -> ApiResult<()> {
    let Some(parent_id) = &resource.parent_id else { return Ok(()) };
    let under_greedy = |greedy: &str| {
        ApiError::bad_request(format!("Cannot create a child of a resource with a greedy path variable: {greedy}"))
    };
    if let Some(parent) = definition.resources.get(parent_id).filter(|parent| is_greedy(&parent.path_part)) {
        return Err(under_greedy(&parent.path_part));
    }
    if is_greedy(&resource.path_part) && children(definition, &resource.id).next().is_some() {
        return Err(under_greedy(&resource.path_part));
    }
    let siblings = || children(definition, parent_id).filter(|sibling| sibling.id != resource.id);
    if siblings().any(|sibling| sibling.path_part == resource.path_part) {
        let part = &resource.path_part;
        return Err(ApiError::conflict(format!("Another resource with the same parent already has this name: {part}")));
    }
    if !is_variable(&resource.path_part) {
        return Ok(());
    }
    match siblings().find(|sibling| is_variable(&sibling.path_part)) {
        Some(Resource { path_part, .. }) => Err(ApiError::bad_request(format!(
            "A sibling ({path_part}) of this resource already has a variable path part -- only one is allowed"
        ))),
        None => Ok(()),
    }
}

/// Whether `id` is `ancestor` or stands somewhere under it.
pub(super) fn is_within(definition: &Definition, id: &str, ancestor: &str) -> bool {
    let mut next = Some(id);
    while let Some(id) = next {
        if id == ancestor {
            return true;
        }
        next = definition.resources.get(id).and_then(|resource| resource.parent_id.as_deref());
    }
    false
}

fn children<'a>(definition: &'a Definition, parent_id: &'a str) -> impl Iterator<Item = &'a Resource> {
    definition.resources.values().filter(move |resource| resource.parent_id.as_deref() == Some(parent_id))
}

fn is_variable(part: &str) -> bool {
    part.starts_with('{')
}

fn is_greedy(part: &str) -> bool {
    part.ends_with("+}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_names_and_variables() {
        for part in ["pets", "a.b_c-d", "v1:batch", "a,b", "$metadata", "{id}", "{proxy+}", "{a.b}"] {
            assert!(check_part(part).is_ok(), "{part}");
        }
        for part in ["", "a/b", "a b", "{id", "id}", "{}", "{+}", "{a}b", "a{b}", "{a}{b}", "a+", "{a++}", "pets?", "é", "%20"] {
            assert!(check_part(part).is_err(), "{part}");
        }
    }
}
