//! The rules of a COGNITO_USER_POOLS authorizer (AWS docs, "Control access to REST APIs using Amazon Cognito user pools as an
//! authorizer").

use std::collections::BTreeMap;

use http::{HeaderMap, HeaderName};
use postern_api_model::apigateway::JwtSigningAlgorithm;
use postern_api_model::java_pattern::JavaPattern;
use postern_api_model::rest_api::Authorizer;

use super::check::{Refused, TokenCheck, TokenSource};
use super::claims::{Claims, IssuedAt};
use super::key_sets::Issuer;
use super::presented::Presented;
use crate::compile::{AddressError, filled};

/// What user pools sign with.
const ALGORITHM: JwtSigningAlgorithm = JwtSigningAlgorithm::Rs256;
/// Bytes of an audience that the expression is matched against: the id of a client has 26.
const AUDIENCE_BYTES_MAX: usize = 256;

/// Which tokens an authorizer accepts, before a stage's variables are known.
#[derive(Debug)]
pub(crate) struct UserPoolRules {
    source: TokenSource,
    /// What the audience must match.
    audience: Option<JavaPattern>,
    /// As they were written: a pool's id may be a stage variable (AWS docs, "API Gateway stage variables reference").
    arns: Box<[Box<str>]>,
}

/// The user pools of an authorizer on one stage.
#[derive(Debug)]
pub(crate) struct UserPools(Box<[Pool]>);

#[derive(Debug)]
struct Pool {
    arn: Box<str>,
    /// Where its tokens come from, unless the configuration says otherwise.
    issuer: Box<str>,
}

impl UserPoolRules {
    /// Compiles an authorizer.
    ///
    /// # Errors
    /// When it cannot decide about any token; the text says why, for the log.
    pub(crate) fn compile(authorizer: &Authorizer) -> Result<Self, String> {
        let expression = authorizer.identity_validation_expression.as_deref().filter(|text| !text.is_empty());
        let audience = expression.map(JavaPattern::compile).transpose();
        Ok(Self {
            source: TokenSource::parse(authorizer.identity_source.as_deref())?,
            audience: audience.map_err(|error| format!("its identityValidationExpression cannot be used: {error}"))?,
            arns: authorizer.provider_arns.iter().map(|arn| arn.as_str().into()).collect(),
        })
    }

    /// The field that tokens are in.
    pub(crate) fn field(&self) -> &HeaderName {
        self.source.field()
    }

    /// The pools for a stage with these variables.
    pub(crate) fn resolve(&self, variables: &BTreeMap<String, String>) -> Result<UserPools, AddressError> {
        let pool = |arn: &str| {
            let arn = filled(arn, variables).map_err(|_| "one of its providerARNs has a variable that is no stage's")?;
            Pool::named(&arn).ok_or("one of its providerARNs is no user pool's with the variables of the stage")
        };
        self.arns.iter().map(|arn| pool(arn)).collect::<Result<_, _>>().map(UserPools)
    }

    /// The claims of a request's token: an ID token, or where the method has scopes an access token with one of them.
    pub(crate) async fn check(
        &self,
        pools: &UserPools,
        headers: &HeaderMap,
        scopes: &[Box<str>],
        by: TokenCheck<'_>,
    ) -> Result<Claims, Refused> {
        let token = Presented::parse(self.source.read(headers)?).map_err(Refused::Invalid)?;
        if token.algorithm() != ALGORITHM {
            return Err(Refused::invalid(format!("user pools sign with {ALGORITHM}, and it is not signed so")));
        }
        let pool = pools.0.iter().find(|pool| token.issuer() == Some(by.keys.issuer_of_pool(&pool.arn, &pool.issuer)));
        let pool = pool.ok_or_else(|| Refused::invalid("its issuer is none of the authorizer's user pools"))?;
        let claims = by.verified(token, Issuer::of_pool(&pool.arn, &pool.issuer)).await?;
        claims.check_dates(by.now(), IssuedAt::Ignored)?;
        self.check_audience(&claims)?;
        match (claims.text("token_use"), scopes) {
            (Some("id"), []) => Ok(claims),
            (Some("access"), [_, ..]) if claims.has_scope_of(scopes) => Ok(claims),
            (Some("access"), [_, ..]) => Err(Refused::invalid("it has none of the method's scopes")),
            (_, []) => Err(Refused::invalid("it is no ID token, and the method has no scopes")),
            (_, [_, ..]) => Err(Refused::invalid("it is no access token, and the method has scopes")),
        }
    }

    fn check_audience(&self, claims: &Claims) -> Result<(), Refused> {
        let Some(pattern) = &self.audience else { return Ok(()) };
        let audience = claims.text("aud").filter(|audience| audience.len() <= AUDIENCE_BYTES_MAX);
        match audience.map(|audience| pattern.matches(audience)) {
            Some(Ok(true)) => Ok(()),
            Some(Ok(false)) | None => Err(Refused::invalid("its audience does not match the identityValidationExpression")),
            Some(Err(error)) => Err(Refused::Misconfigured(format!("identityValidationExpression: {error}"))),
        }
    }
}

impl Pool {
    /// `arn:{partition}:cognito-idp:{region}:{account}:userpool/{pool}`.
    fn named(arn: &str) -> Option<Self> {
        let fields: Vec<&str> = arn.splitn(6, ':').collect();
        let ["arn", partition, "cognito-idp", region, _, pool] = fields[..] else { return None };
        let id = pool.strip_prefix("userpool/").filter(|id| is_word(id) && is_word(region))?;
        let domain = if partition == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" };
        Some(Self { arn: arn.into(), issuer: format!("https://cognito-idp.{region}.{domain}/{id}").into() })
    }
}

/// What stays a label of a host's name, and one segment of a path: a variable's value may be anything.
fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}
