//! The rules of a JWT authorizer (AWS docs, "Control access to REST APIs with JWT authorizers").

use http::{HeaderMap, HeaderName};
use postern_api_model::apigateway::JwtSigningAlgorithm;
use postern_api_model::rest_api::{Authorizer, JwtAdditionalClaim, JwtIssuer};

use super::check::{Refused, TokenCheck, TokenSource};
use super::claims::{Claims, IssuedAt};
use super::key_sets::Issuer;
use super::presented::Presented;
use super::settings::ClientIds;

/// Which tokens an authorizer accepts.
#[derive(Debug)]
pub(crate) struct JwtRules {
    source: TokenSource,
    algorithms: Box<[JwtSigningAlgorithm]>,
    issuers: Box<[IssuerRules]>,
}

#[derive(Debug)]
struct IssuerRules {
    issuer: Box<str>,
    audiences: Box<[Box<str>]>,
    claims: Box<[ClaimRule]>,
}

#[derive(Debug)]
struct ClaimRule {
    name: Box<str>,
    presence: Presence,
    /// Any one of them; `None`: any text.
    values: Option<Box<[Box<str>]>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Presence {
    Required,
    Optional,
}

impl JwtRules {
    /// Compiles an authorizer.
    ///
    /// # Errors
    /// When it cannot decide about any token; the text says why, for the log.
    pub(crate) fn compile(authorizer: &Authorizer) -> Result<Self, String> {
        let configuration = authorizer.jwt_configuration.as_ref().ok_or("it has no jwtConfiguration")?;
        Ok(Self {
            source: TokenSource::parse(authorizer.identity_source.as_deref())?,
            algorithms: configuration.default_algorithms.as_slice().into(),
            issuers: configuration.issuers.iter().map(IssuerRules::compile).collect(),
        })
    }

    /// The field that tokens are in.
    pub(crate) fn field(&self) -> &HeaderName {
        self.source.field()
    }

    /// The claims of a request's token, when it is good and has one of `scopes`, if there are any.
    pub(crate) async fn check(&self, headers: &HeaderMap, scopes: &[Box<str>], by: TokenCheck<'_>) -> Result<Claims, Refused> {
        let token = Presented::parse(self.source.read(headers)?).map_err(Refused::Invalid)?;
        if !self.algorithms.contains(&token.algorithm()) {
            return Err(Refused::invalid("its algorithm is none of the authorizer's"));
        }
        let rules = self.issuers.iter().find(|rules| token.issuer() == Some(&*rules.issuer));
        let rules = rules.ok_or_else(|| Refused::invalid("its issuer is none of the authorizer's"))?;
        let claims = by.verified(token, Issuer::of_url(&rules.issuer)).await?;
        if !rules.is_for_audience(&claims, by.keys.settings().client_ids) {
            return Err(Refused::invalid("it is for another audience"));
        }
        claims.check_dates(by.now(), IssuedAt::Checked)?;
        if let Some(rule) = rules.claims.iter().find(|rule| !rule.is_met(&claims)) {
            return Err(Refused::invalid(format!("its claim `{}` is not as it must be", rule.name)));
        }
        if !scopes.is_empty() && !claims.has_scope_of(scopes) {
            return Err(Refused::invalid("it has none of the method's scopes"));
        }
        Ok(claims)
    }
}

impl IssuerRules {
    fn compile(issuer: &JwtIssuer) -> Self {
        Self {
            issuer: issuer.issuer.as_str().into(),
            audiences: issuer.audiences.iter().map(|audience| audience.as_str().into()).collect(),
            claims: issuer.additional_claims.iter().map(ClaimRule::compile).collect(),
        }
    }

    fn is_for_audience(&self, claims: &Claims, client_ids: ClientIds) -> bool {
        let audiences = match (claims.get("aud"), client_ids) {
            (None, ClientIds::AreAudiences) => claims.text("client_id").into_iter().collect(),
            _ => claims.texts("aud"),
        };
        audiences.iter().any(|audience| self.audiences.iter().any(|known| **known == **audience))
    }
}

impl ClaimRule {
    fn compile(claim: &JwtAdditionalClaim) -> Self {
        // The only format there is.
        let postern_api_model::apigateway::JwtClaimFormat::SingleString = claim.format;
        let values = claim.expected_values.as_ref();
        Self {
            name: claim.claim_name.as_str().into(),
            presence: if claim.required == Some(true) { Presence::Required } else { Presence::Optional },
            values: values.map(|values| values.iter().map(|value| value.as_str().into()).collect()),
        }
    }

    /// A claim that is there must be text, and one of the values.
    fn is_met(&self, claims: &Claims) -> bool {
        let Some(value) = claims.get(&self.name) else { return self.presence == Presence::Optional };
        let Some(text) = value.as_str() else { return false };
        self.values.as_ref().is_none_or(|values| values.iter().any(|value| **value == *text))
    }
}
