//! ARNs of management resources, as tags and policies name them.

use postern_api_model::domain_name_access_association::DomainNameAccessAssociation;
use postern_api_model::scope::Scope;

/// A resource that can carry tags, as its ARN names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Taggable {
    RestApi(String),
    Stage {
        api_id: String,
        stage_name: String,
    },
    ApiKey(String),
    UsagePlan(String),
    ClientCertificate(String),
    /// By the id in the store, which has the private domain's own id.
    DomainName(String),
    /// By the id in the store.
    DomainNameAccessAssociation(String),
    VpcLink(String),
}

/// A private domain name, as its ARN names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PrivateDomain {
    pub(crate) account: String,
    pub(crate) name: String,
    pub(crate) domain_name_id: String,
}

/// An access association, as its ARN names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AccessAssociation {
    pub(crate) account: String,
    pub(crate) name: String,
    pub(crate) domain_name_id: String,
    pub(crate) source: String,
}

impl AccessAssociation {
    /// Its id in the store.
    pub(crate) fn stored_id(&self) -> String {
        DomainNameAccessAssociation::stored_id(&self.name, &self.domain_name_id, &self.source)
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

/// The account and the resource of `arn:{partition}:apigateway:{region}:{account}:{resource}` in the region of `scope`.
fn of_region<'a>(arn: &'a str, scope: &Scope) -> Option<(&'a str, &'a str)> {
    match arn.splitn(6, ':').collect::<Vec<_>>()[..] {
        ["arn", partition, "apigateway", region, account, resource]
            if region == scope.region && partition == scope.partition() && !account.is_empty() =>
        {
            Some((account, resource))
        }
        _ => None,
    }
}

/// Reads `arn:{partition}:apigateway:{region}:{account}:/domainnames/{name}+{id}`, of any account.
pub(crate) fn private_domain(arn: &str, scope: &Scope) -> Option<PrivateDomain> {
    let (account, resource) = of_region(arn, scope)?;
    let (name, id) = resource.strip_prefix("/domainnames/")?.split_once('+')?;
    let is_whole = !name.is_empty() && !id.is_empty() && !name.contains('/') && !id.contains('/');
    is_whole.then(|| PrivateDomain { account: account.into(), name: name.into(), domain_name_id: id.into() })
}

/// Reads `arn:...:{account}:/domainnameaccessassociations/domainname/{name}+{id}/vpcesource/{endpoint}`, of any account.
pub(crate) fn access_association(arn: &str, scope: &Scope) -> Option<AccessAssociation> {
    let (account, resource) = of_region(arn, scope)?;
    let parts: Vec<&str> = resource.split('/').collect();
    let ["", "domainnameaccessassociations", "domainname", domain, "vpcesource", source] = parts[..] else { return None };
    let (name, id) = domain.split_once('+')?;
    Some(AccessAssociation { account: account.into(), name: name.into(), domain_name_id: id.into(), source: source.into() })
}

/// Reads the ARN of a resource that can carry tags: `arn:{partition}:apigateway:{region}:{account}:/{kind}/{id}...`, where only private
/// domain names and their associations have an account.
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
        ["apikeys", id] if !id.is_empty() => Ok(Taggable::ApiKey(id.to_owned())),
        ["usageplans", id] if !id.is_empty() => Ok(Taggable::UsagePlan(id.to_owned())),
        ["clientcertificates", id] if !id.is_empty() => Ok(Taggable::ClientCertificate(id.to_owned())),
        ["domainnames", id] if !id.is_empty() => Ok(Taggable::DomainName(id.to_owned())),
        ["domainnameaccessassociations", ..] => access_association(arn, scope)
            .map(|found| Taggable::DomainNameAccessAssociation(found.stored_id()))
            .ok_or(ArnError::Malformed),
        ["vpclinks", id] if !id.is_empty() => Ok(Taggable::VpcLink(id.to_owned())),
        ["apis", _, ..] => Err(ArnError::Unbuilt),
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
    fn domains_associations_and_links() {
        let parsed = |resource: &str| parse(&format!("arn:aws:apigateway:eu-west-1:{resource}"), &scope());
        assert_eq!(parsed(":/domainnames/a.example.com"), Ok(Taggable::DomainName("a.example.com".into())));
        let own = "000000000000:/domainnames/a.example.com+abcd1234";
        assert_eq!(parsed(own), Ok(Taggable::DomainName("a.example.com+abcd1234".into())));
        assert_eq!(parsed(":/vpclinks/abc123"), Ok(Taggable::VpcLink("abc123".into())));
        let association = "000000000000:/domainnameaccessassociations/domainname/a.example.com+abcd1234/vpcesource/vpce-1";
        let id = "a.example.com+abcd1234/vpce-1".to_owned();
        assert_eq!(parsed(association), Ok(Taggable::DomainNameAccessAssociation(id)));
        assert_eq!(parsed("000000000000:/domainnameaccessassociations/x"), Err(ArnError::Malformed));
        let foreign = "arn:aws:apigateway:eu-west-1:111111111111:/domainnames/a.example.com+abcd1234";
        assert_eq!(private_domain(foreign, &scope()).map(|domain| domain.account), Some("111111111111".to_owned()));
        for arn in [
            "arn:aws:apigateway:eu-west-1:1:/domainnames/a",
            "arn:aws:apigateway:eu-west-1::/domainnames/a+b",
            "arn:aws:apigateway:us-east-1:1:/domainnames/a+b",
            "arn:aws:apigateway:eu-west-1:1:/domainnames/a+b/c",
        ] {
            assert_eq!(private_domain(arn, &scope()), None, "{arn}");
        }
    }

    #[test]
    fn keys_plans_and_certificates_have_arns_too() {
        let named = |kind: &str| parse(&format!("arn:aws:apigateway:eu-west-1::/{kind}/abc"), &scope());
        assert_eq!(named("apikeys"), Ok(Taggable::ApiKey("abc".into())));
        assert_eq!(named("usageplans"), Ok(Taggable::UsagePlan("abc".into())));
        assert_eq!(named("clientcertificates"), Ok(Taggable::ClientCertificate("abc".into())));
    }

    #[test]
    fn other_arns_are_told_apart() {
        assert_eq!(parse("arn:aws:apigateway:us-east-1::/restapis/abc", &scope()), Err(ArnError::Foreign));
        assert_eq!(parse("arn:aws:apigateway:eu-west-1::/apis/k", &scope()), Err(ArnError::Unbuilt));
        assert_eq!(parse("arn:aws:apigateway:eu-west-1::/apikeys/", &scope()), Err(ArnError::Malformed));
        assert_eq!(parse("arn:aws:lambda:eu-west-1::function", &scope()), Err(ArnError::Malformed));
        assert_eq!(parse("nonsense", &scope()), Err(ArnError::Malformed));
    }
}
