//! The authorizers of a deployment under a stage: the functions and user pools that its variables make of
//! them, and whose their answers are.

use std::sync::Arc;

use postern_api_model::ports::ApiSource;
use postern_api_model::rest_api::Stage;

use super::lambda::LambdaFunction;
use super::uri::AddressError;
use super::{AuthorizerIndex, CompiledApi, CompiledAuthorizer};
use crate::authorizers::ResultScope;
use crate::tokens::UserPools;

/// By authorizer.
#[derive(Debug)]
pub(super) struct StageAuthorizers(Vec<StageAuthorizer>);

#[derive(Debug)]
struct StageAuthorizer {
    /// `None` for one that calls no function.
    function: Option<Result<LambdaFunction, AddressError>>,
    /// `None` for one of another type.
    pools: Option<Result<UserPools, AddressError>>,
    /// Whose its answers are.
    results: Arc<ResultScope>,
}

impl StageAuthorizers {
    /// Answers hold as long as nothing changes that they may depend on: those of `same`, a stage with the same deployment and the same
    /// variables, go over.
    pub(super) fn new(api: &CompiledApi, stage: &Stage, source: &ApiSource, same: Option<&Self>) -> Self {
        let of = |(index, authorizer): (usize, &CompiledAuthorizer)| {
            let function = authorizer.lambda().map(|lambda| lambda.resolve(&stage.variables));
            let pools = authorizer.user_pools(&stage.variables);
            let broken = function.as_ref().and_then(|found| found.as_ref().err());
            if let Some(reason) = broken.or_else(|| pools.as_ref().and_then(|found| found.as_ref().err())) {
                let (api, stage, authorizer) = (&source.api_id, &stage.name, &authorizer.id);
                tracing::warn!(api, stage, %authorizer, reason, "requests will fail");
            }
            let results = same.map(|same| Arc::clone(&same.0[index].results)).unwrap_or_default();
            StageAuthorizer { function, pools, results }
        };
        Self(api.authorizers().iter().enumerate().map(of).collect())
    }

    /// The function that an authorizer is.
    pub(super) fn function(&self, authorizer: AuthorizerIndex) -> Result<&LambdaFunction, AddressError> {
        match self.0.get(authorizer).and_then(|found| found.function.as_ref()) {
            Some(Ok(function)) => Ok(function),
            Some(Err(reason)) => Err(reason),
            None => Err("the authorizer calls no function"),
        }
    }

    /// The user pools that an authorizer believes.
    pub(super) fn user_pools(&self, authorizer: AuthorizerIndex) -> Result<&UserPools, AddressError> {
        match self.0.get(authorizer).and_then(|found| found.pools.as_ref()) {
            Some(Ok(pools)) => Ok(pools),
            Some(Err(reason)) => Err(reason),
            None => Err("the authorizer has no user pools"),
        }
    }

    pub(super) fn results(&self, authorizer: AuthorizerIndex) -> &ResultScope {
        &self.0[authorizer].results
    }

    /// Nothing that was answered is used again.
    pub(super) fn flush(&self) {
        self.0.iter().for_each(|authorizer| authorizer.results.flush());
    }
}
