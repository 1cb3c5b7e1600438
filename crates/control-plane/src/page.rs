//! Pages of lists: `limit` (25 unless asked, 500 at most) and an opaque `position` in v1, `maxResults` and `nextToken` in v2.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use postern_api_model::error::{ApiError, ApiResult};

/// Elements on a page when `limit` is not given.
const LIMIT_DEFAULT: usize = 25;
/// AWS's bound on `limit`.
const LIMIT_MAX: usize = 500;

/// Which page of a list is asked for: the elements whose key comes after `after`, at most `limit` of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) after: Option<String>,
    pub(crate) limit: usize,
}

impl Page {
    /// The first page of the largest size.
    pub(crate) fn largest() -> Self {
        Self { after: None, limit: LIMIT_MAX }
    }

    /// Reads `limit` and `position` as the client sent them.
    pub(crate) fn new(limit: Option<i32>, position: Option<&str>) -> ApiResult<Self> {
        let limit = match limit {
            None | Some(0) => LIMIT_DEFAULT,
            Some(limit) => usize::try_from(limit).map_err(|_| ApiError::bad_request("Invalid limit specified"))?.min(LIMIT_MAX),
        };
        let after = position.filter(|position| !position.is_empty()).map(decode).transpose()?;
        Ok(Self { after, limit })
    }

    /// Reads `maxResults`, which travels as text, and `nextToken`.
    pub(crate) fn of_v2(max_results: Option<&str>, next_token: Option<&str>) -> ApiResult<Self> {
        let number = |text: &str| text.parse().map_err(|_| ApiError::bad_request("Invalid maxResults specified"));
        let limit = max_results.filter(|text| !text.is_empty()).map(number).transpose()?;
        Self::new(limit, None).and_then(|page| {
            let invalid = |_| ApiError::bad_request("Invalid nextToken specified");
            let after = next_token.filter(|token| !token.is_empty()).map(decode).transpose().map_err(invalid)?;
            Ok(Self { after, ..page })
        })
    }

    /// Cuts this page out of `elements`, which must come in the order of their keys.
    /// Gives the page and the position of the next one, if there is one.
    pub(crate) fn cut<T>(&self, elements: impl IntoIterator<Item = T>, key: impl Fn(&T) -> &str) -> (Vec<T>, Option<String>) {
        let mut page: Vec<T> = Vec::new();
        let later = |element: &T| self.after.as_deref().is_none_or(|after| key(element) > after);
        for element in elements.into_iter().filter(later) {
            if page.len() == self.limit {
                let position = page.last().map(|last| encode(key(last)));
                return (page, position);
            }
            page.push(element);
        }
        (page, None)
    }
}

/// The opaque position of the page that follows the element with this key.
pub(crate) fn encode(key: &str) -> String {
    STANDARD.encode(format!("id=S{key}"))
}

fn decode(position: &str) -> ApiResult<String> {
    let invalid = || ApiError::bad_request("Invalid position specified");
    let bytes = STANDARD.decode(position).map_err(|_| invalid())?;
    let text = String::from_utf8(bytes).map_err(|_| invalid())?;
    text.strip_prefix("id=S").map(str::to_owned).ok_or_else(invalid)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn pages_follow_each_other_without_gap() {
        let all: Vec<String> = (0..60).map(|n| format!("{n:02}")).collect();
        let mut seen = Vec::new();
        let mut position = None;
        loop {
            let page = Page::new(None, position.as_deref()).unwrap();
            let (elements, next) = page.cut(all.clone(), |id| id);
            seen.extend(elements);
            position = next;
            if position.is_none() {
                break;
            }
        }
        assert_eq!(seen, all);
    }

    #[test]
    fn the_last_full_page_has_no_position() {
        let page = Page::new(Some(2), None).unwrap();
        assert_eq!(page.cut(vec!["a", "b"], |id| id), (vec!["a", "b"], None));
    }

    #[test]
    fn foreign_positions_and_negative_limits_are_refused() {
        assert!(Page::new(None, Some("no base64!")).is_err());
        assert!(Page::new(None, Some(&STANDARD.encode("other"))).is_err());
        assert!(Page::new(Some(-1), None).is_err());
    }
}
