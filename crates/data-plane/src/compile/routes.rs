//! The route trie: which resource a path belongs to.
//!
//! Per segment a literal wins over `{name}`, and that over `{name+}`. A branch that dead-ends falls back to the next best one,
//! so that `/{proxy+}` catches what `/pets/{id}` does not reach; resources that have no method are no route (a deployment is
//! made of methods). Which verb is asked for plays no part: a matched resource that lacks it answers 403 and nothing else is
//! tried.

use std::collections::BTreeMap;
use std::ops::Range;

use percent_encoding::percent_decode_str;
use smallvec::SmallVec;

/// Index of a resource in [`super::CompiledApi`].
pub(crate) type ResourceIndex = usize;

/// The trie; nodes refer to each other by index, node 0 is `/`.
#[derive(Debug)]
pub(crate) struct Routes {
    nodes: Vec<Node>,
}

#[derive(Debug, Default)]
struct Node {
    /// Sorted by segment, for binary search.
    literals: Vec<(Box<str>, usize)>,
    parameter: Option<usize>,
    greedy: Option<ResourceIndex>,
    resource: Option<ResourceIndex>,
}

/// Where path parameters stand in a path. Most resources have one at most, which takes no allocation.
pub(crate) type ParameterPlaces = SmallVec<[Range<usize>; 1]>;

/// A matched resource and where its path parameters stand in the path that was matched.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Match {
    pub(crate) resource: ResourceIndex,
    /// In the order of the resource's own parameters; bytes of the path as sent, still percent-encoded.
    pub(crate) parameters: ParameterPlaces,
}

impl Routes {
    /// Builds the trie from resource paths such as `/pets/{id}`, by their index.
    pub(crate) fn new<'a>(paths: impl IntoIterator<Item = (ResourceIndex, &'a str)>) -> Self {
        let mut builder = Builder::default();
        builder.nodes.push(BuilderNode::default());
        for (resource, path) in paths {
            builder.add(resource, path);
        }
        let nodes = builder.nodes.into_iter().map(|node| Node {
            literals: node.literals.into_iter().collect(),
            parameter: node.parameter,
            greedy: node.greedy,
            resource: node.resource,
        });
        Self { nodes: nodes.collect() }
    }

    /// Finds the resource for a path as sent, which may be empty or start with several slashes.
    pub(crate) fn find(&self, path: &str) -> Option<Match> {
        let start = path.len() - path.trim_start_matches('/').len();
        let end = if path.len() > start && path.ends_with('/') { path.len() - 1 } else { path.len() };
        let mut found = Match { resource: 0, parameters: ParameterPlaces::new() };
        let walk = Walk { routes: self, path: &path[..end] };
        found.resource = walk.node(0, start, &mut found.parameters)?;
        Some(found)
    }
}

struct Walk<'a> {
    routes: &'a Routes,
    path: &'a str,
}

impl Walk<'_> {
    /// The resource under `node` for the path from `at` on. Every node is visited at most once, because its depth in the trie is
    /// the segment it stands for; so the work is bounded by the number of resources, and the depth by the definition.
    fn node(&self, node: usize, at: usize, parameters: &mut ParameterPlaces) -> Option<ResourceIndex> {
        let node = &self.routes.nodes[node];
        if at >= self.path.len() {
            return node.resource;
        }
        let rest = &self.path[at..];
        let len = memchr::memchr(b'/', rest.as_bytes()).unwrap_or(rest.len());
        let (segment, next) = (&rest[..len], at + len + 1);
        // A literal's path part holds no character that must be encoded, yet clients may encode it: both spell the same resource.
        let found = match node.literal(segment) {
            Some(child) => self.node(child, next, parameters),
            None if memchr::memchr(b'%', segment.as_bytes()).is_some() => {
                let decoded = percent_decode_str(segment).decode_utf8().ok();
                decoded.and_then(|segment| node.literal(&segment)).and_then(|child| self.node(child, next, parameters))
            }
            None => None,
        };
        if found.is_some() {
            return found;
        }
        if let Some(child) = node.parameter
            && len > 0
        {
            parameters.push(at..at + len);
            let found = self.node(child, next, parameters);
            if found.is_some() {
                return found;
            }
            parameters.pop();
        }
        let resource = node.greedy?;
        parameters.push(at..self.path.len());
        Some(resource)
    }
}

impl Node {
    fn literal(&self, segment: &str) -> Option<usize> {
        let at = self.literals.binary_search_by(|(literal, _)| (**literal).cmp(segment)).ok()?;
        Some(self.literals[at].1)
    }
}

#[derive(Default)]
struct Builder {
    nodes: Vec<BuilderNode>,
}

#[derive(Default)]
struct BuilderNode {
    literals: BTreeMap<Box<str>, usize>,
    parameter: Option<usize>,
    greedy: Option<ResourceIndex>,
    resource: Option<ResourceIndex>,
}

impl Builder {
    fn add(&mut self, resource: ResourceIndex, path: &str) {
        let mut node = 0;
        for part in path.split('/').filter(|part| !part.is_empty()) {
            match parameter_name(part) {
                Some((_, Greed::Rest)) => {
                    self.nodes[node].greedy = Some(resource);
                    return;
                }
                Some((_, Greed::Segment)) => {
                    let fresh = self.nodes.len();
                    let child = *self.nodes[node].parameter.get_or_insert(fresh);
                    node = self.enter(child);
                }
                None => {
                    let fresh = self.nodes.len();
                    let child = *self.nodes[node].literals.entry(part.into()).or_insert(fresh);
                    node = self.enter(child);
                }
            }
        }
        self.nodes[node].resource = Some(resource);
    }

    fn enter(&mut self, child: usize) -> usize {
        if child == self.nodes.len() {
            self.nodes.push(BuilderNode::default());
        }
        child
    }
}

/// How much of the path a parameter takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Greed {
    /// `{name}`.
    Segment,
    /// `{name+}`.
    Rest,
}

/// The name in a path part such as `{id}` or `{proxy+}`; `None` for a literal.
pub(crate) fn parameter_name(part: &str) -> Option<(&str, Greed)> {
    let name = part.strip_prefix('{')?.strip_suffix('}')?;
    Some(match name.strip_suffix('+') {
        Some(name) => (name, Greed::Rest),
        None => (name, Greed::Segment),
    })
}

/// The names of a resource path's parameters, in order.
pub(crate) fn parameter_names(path: &str) -> Vec<Box<str>> {
    path.split('/').filter_map(parameter_name).map(|(name, _)| name.into()).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn matched(paths: &[&str], request: &str) -> Option<(String, Vec<String>)> {
        let found = Routes::new(paths.iter().copied().enumerate()).find(request)?;
        let parameters = found.parameters.into_iter().map(|range| request[range].to_owned());
        Some((paths[found.resource].to_owned(), parameters.collect()))
    }

    #[test]
    fn precedence() {
        let paths =
            ["/", "/pets", "/pets/{id}", "/pets/{id}/toys", "/pets/mine", "/{proxy+}", "/a/{x}/c", "/a/{y+}", "/v1/{p}/x"];
        let table = [
            ("", Some(("/", vec![]))),
            ("/", Some(("/", vec![]))),
            ("//", Some(("/", vec![]))),
            ("/pets", Some(("/pets", vec![]))),
            ("/pets/", Some(("/pets", vec![]))),
            ("//pets", Some(("/pets", vec![]))),
            ("/%70ets", Some(("/pets", vec![]))),
            ("/PETS", Some(("/{proxy+}", vec!["PETS"]))),
            ("/pets/7", Some(("/pets/{id}", vec!["7"]))),
            ("/pets/7/", Some(("/pets/{id}", vec!["7"]))),
            ("/pets/a%2Fb", Some(("/pets/{id}", vec!["a%2Fb"]))),
            ("/pets/mine", Some(("/pets/mine", vec![]))),
            ("/pets/7/toys", Some(("/pets/{id}/toys", vec!["7"]))),
            ("/pets/mine/toys", Some(("/pets/{id}/toys", vec!["mine"]))),
            ("/pets/7/other", Some(("/{proxy+}", vec!["pets/7/other"]))),
            ("/a/1/c", Some(("/a/{x}/c", vec!["1"]))),
            ("/a/1/d", Some(("/a/{y+}", vec!["1/d"]))),
            ("/a/1", Some(("/a/{y+}", vec!["1"]))),
            ("/a", Some(("/{proxy+}", vec!["a"]))),
            ("/other/", Some(("/{proxy+}", vec!["other"]))),
            ("/other//double", Some(("/{proxy+}", vec!["other//double"]))),
            ("//other", Some(("/{proxy+}", vec!["other"]))),
            ("/test%2Balias@x/plus", Some(("/{proxy+}", vec!["test%2Balias@x/plus"]))),
            ("/../etc", Some(("/{proxy+}", vec!["../etc"]))),
            ("/v1//x", Some(("/{proxy+}", vec!["v1//x"]))),
        ];
        for (request, expected) in table {
            let expected = expected.map(|(path, values)| (path.to_owned(), values.into_iter().map(str::to_owned).collect()));
            assert_eq!(matched(&paths, request), expected, "{request}");
        }
    }

    #[test]
    fn greedy_never_matches_nothing() {
        assert_eq!(matched(&["/{proxy+}"], "/"), None);
        assert_eq!(matched(&["/x/{proxy+}"], "/x"), None);
        assert_eq!(matched(&["/x/{proxy+}"], "/x/"), None);
        assert_eq!(matched(&["/x/{id}"], "/x//"), None);
        assert_eq!(matched(&["/x"], "/y"), None);
        assert_eq!(matched(&["/x"], "/x/y"), None);
        assert_eq!(matched(&[], "/"), None);
    }

    #[test]
    fn names_in_order() {
        assert_eq!(parameter_names("/a/{b}/{c+}"), ["b".into(), "c".into()]);
        assert_eq!(parameter_names("/"), [] as [Box<str>; 0]);
    }
}
