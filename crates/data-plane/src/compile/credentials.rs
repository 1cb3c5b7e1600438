//! An integration's `credentials`: whose they are that sign its requests. They may hold stage variables, so that they are known
//! when a stage is published.

use std::collections::BTreeMap;

use super::uri::{AddressError, Part, UriTemplate};

/// Stands for the caller's own (AWS docs, PutIntegration, `credentials`), in every partition.
const OF_THE_CALLER: &str = ":iam::*:user/*";

const NO_ROLE: AddressError = "the integration's credentials are not the ARN of a role";

/// `credentials`, before a stage's variables are known.
#[derive(Debug)]
pub(crate) struct CompiledCredentials(Option<Result<UriTemplate, AddressError>>);

/// Who signs an integration's requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Signatory {
    /// Nobody is named: the default key does.
    Default,
    /// The role with this ARN.
    Role(Box<str>),
    /// Whoever calls the method, which must find that out (`AWS_IAM`).
    Caller,
}

impl CompiledCredentials {
    pub(super) fn compile(text: Option<&str>) -> Self {
        // No path parameters: a client must not choose whose rights it has.
        let template = |text: &str| UriTemplate::parse(text, &[]).map_err(|_| NO_ROLE);
        Self(text.filter(|text| !text.is_empty()).map(template))
    }

    /// Fills the stage variables in.
    pub(super) fn resolve(&self, variables: &BTreeMap<String, String>) -> Result<Signatory, AddressError> {
        let Some(template) = &self.0 else { return Ok(Signatory::Default) };
        let parts = template.as_ref().map_err(|reason| *reason)?.parts(variables);
        let [Part::Text(arn)] = &parts[..] else { return Err(NO_ROLE) };
        if arn.starts_with("arn:") && arn.ends_with(OF_THE_CALLER) {
            return Ok(Signatory::Caller);
        }
        match arn.splitn(6, ':').collect::<Vec<_>>()[..] {
            ["arn", _, "iam", "", _, resource] if resource.starts_with("role/") => Ok(Signatory::Role(arn.clone())),
            _ => Err(NO_ROLE),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_or_the_caller() {
        let variables = BTreeMap::from([("role".to_owned(), "gateway".to_owned()), ("all".to_owned(), "user/*".to_owned())]);
        let of = |text: &str| CompiledCredentials::compile(Some(text)).resolve(&variables);
        for (text, expected) in [
            ("", Signatory::Default),
            (
                "arn:aws:iam::111122223333:role/service/caller",
                Signatory::Role("arn:aws:iam::111122223333:role/service/caller".into()),
            ),
            ("arn:aws-cn:iam::1:role/${stageVariables.role}", Signatory::Role("arn:aws-cn:iam::1:role/gateway".into())),
            ("arn:aws:iam::*:user/*", Signatory::Caller),
            ("arn:aws-cn:iam::*:${stageVariables.all}", Signatory::Caller),
        ] {
            assert_eq!(of(text), Ok(expected), "{text}");
        }
        for text in
            ["arn:aws:iam::1:user/x", "arn:aws:sts::1:assumed-role/x/y", "arn:aws:iam::1:role/{p}", "role/x", ":iam::*:user/*"]
        {
            assert_eq!(of(text), Err(NO_ROLE), "{text}");
        }
        assert_eq!(CompiledCredentials::compile(None).resolve(&variables), Ok(Signatory::Default));
    }
}
