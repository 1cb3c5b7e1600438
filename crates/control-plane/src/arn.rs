//! ARNs of management resources, as tags and policies name them.

use postern_api_model::scope::Scope;

/// A resource that can carry tags, as its ARN names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Taggable {
    RestApi(String),
    Stage { api_id: String, stage_name: String },
}

impl Taggable {
    /// The API that the resource is, or belongs to.
    pub(crate) fn api_id(&self) -> &str {
        match self {
            Self::RestApi(id) | Self::Stage { api_id: id, .. } => id,
        }
    }
}

/// Why an ARN names nothing that can carry tags here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ArnError {
    /// Not an ARN of this service.
    Malformed,
    /// Of another region or partition than the caller's.
    Foreign,
    /// Well formed, but of a kind that is not built yet.
    Unbuilt,
}

/// Reads `arn:{partition}:apigateway:{region}::/restapis/{id}[/stages/{name}]`.
pub(crate) fn parse(arn: &str, scope: &Scope) -> Result<Taggable, ArnError> {
    let fields: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", partition, "apigateway", region, account, resource] = fields[..] else {
        return Err(ArnError::Malformed);
    };
    if region != scope.region || partition != scope.partition() || !(account.is_empty() || account == scope.account) {
        return Err(ArnError::Foreign);
    }
    let parts: Vec<&str> = resource.strip_prefix('/').ok_or(ArnError::Malformed)?.split('/').collect();
    match parts[..] {
        ["restapis", id] if !id.is_empty() => Ok(Taggable::RestApi(id.to_owned())),
        ["restapis", id, "stages", name] => Ok(Taggable::Stage { api_id: id.to_owned(), stage_name: name.to_owned() }),
        ["apikeys" | "clientcertificates" | "domainnames" | "usageplans" | "vpclinks" | "apis", _, ..] => Err(ArnError::Unbuilt),
        _ => Err(ArnError::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope() -> Scope {
        Scope { account: "000000000000".into(), region: "eu-west-1".into() }
    }

    #[test]
    fn apis_and_stages_are_named_without_an_account() {
        assert_eq!(parse("arn:aws:apigateway:eu-west-1::/restapis/abc", &scope()), Ok(Taggable::RestApi("abc".into())));
        assert_eq!(
            parse("arn:aws:apigateway:eu-west-1::/restapis/abc/stages/dev", &scope()),
            Ok(Taggable::Stage { api_id: "abc".into(), stage_name: "dev".into() })
        );
    }

    #[test]
    fn other_arns_are_told_apart() {
        assert_eq!(parse("arn:aws:apigateway:us-east-1::/restapis/abc", &scope()), Err(ArnError::Foreign));
        assert_eq!(parse("arn:aws:apigateway:eu-west-1::/apikeys/k", &scope()), Err(ArnError::Unbuilt));
        assert_eq!(parse("arn:aws:lambda:eu-west-1::function", &scope()), Err(ArnError::Malformed));
        assert_eq!(parse("nonsense", &scope()), Err(ArnError::Malformed));
    }
}
