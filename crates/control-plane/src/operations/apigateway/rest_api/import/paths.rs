//! The path tree of an API by path, grown as the paths of a document ask for it.

use std::collections::{BTreeSet, HashMap};

use postern_api_model::error::ApiError;
use postern_api_model::rest_api::Definition;

use super::super::super::resource;
use crate::ids;

/// Resources by path.
pub(super) struct Paths {
    present: HashMap<String, String>,
    /// Ids of resources that an overwrite took away: a path that comes back keeps its id.
    former: HashMap<String, String>,
    refused: BTreeSet<String>,
}

impl Paths {
    pub(super) fn of(definition: &Definition) -> Self {
        let ids = definition.resources.keys().filter_map(|id| Some((definition.path(id)?, id.clone())));
        Self { present: ids.collect(), former: HashMap::new(), refused: BTreeSet::new() }
    }

    /// Nothing but the root is left.
    pub(super) fn forget_all(&mut self, definition: &Definition) {
        self.former = std::mem::take(&mut self.present);
        self.former.remove("/");
        self.present.insert("/".to_owned(), definition.root_resource_id.clone());
    }

    /// The resource at a path, made with its parents where they are not there yet. `None` when one of them was refused before; the
    /// path that is refused now, and why.
    pub(super) fn ensure(
        &mut self,
        definition: &mut Definition,
        segments: &[String],
    ) -> Result<Option<String>, (String, ApiError)> {
        let mut id = definition.root_resource_id.clone();
        let mut path = String::new();
        for segment in segments {
            path.push('/');
            path.push_str(segment);
            if self.refused.contains(&path) {
                return Ok(None);
            }
            id = match self.present.get(&path) {
                Some(present) => present.clone(),
                None => match self.add(definition, &id, segment, &path) {
                    Ok(id) => id,
                    Err(error) => {
                        self.refused.insert(path.clone());
                        return Err((path, error));
                    }
                },
            };
        }
        Ok(Some(id))
    }

    fn add(&mut self, definition: &mut Definition, parent: &str, segment: &str, path: &str) -> Result<String, ApiError> {
        let former = self.former.get(path).filter(|id| !definition.resources.contains_key(*id)).cloned();
        let id = former.unwrap_or_else(|| ids::fresh(ids::SHORT, |id| definition.resources.contains_key(id)));
        resource::add(definition, parent, segment, id.clone())?;
        self.present.insert(path.to_owned(), id.clone());
        Ok(id)
    }
}
