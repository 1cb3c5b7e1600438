//! In whose name an integration's requests are made.
//!
//! With the credentials `arn:aws:iam::*:user/*` it is the caller's: a request to a service is signed with the caller's own key, and
//! whoever gets it decides what that key may do. Where nothing is signed, since the function runs here, the caller's policy is asked, as
//! Lambda's Invoke API asks it.

use http::HeaderMap;
use postern_api_model::function_arn::FunctionArn;
use postern_api_model::scope::Scope;
use postern_policy::Verdict;

use super::caller::Caller;
use super::condition_keys::ConditionKeys;
use crate::backends::Accounts;
use crate::compile::{PublishedStage, Signatory};
use crate::context::Arrival;
use crate::error::GatewayError;
use postern_api_model::ports::Credentials;

/// Who signs one request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Signer<'a> {
    /// The default key.
    Default,
    /// The role with this ARN.
    Role(&'a str),
    Caller(InCallersName<'a>),
}

/// A caller who is proven, and whose API acts for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InCallersName<'a> {
    caller: &'a Caller,
    arrival: &'a Arrival,
    api: &'a Scope,
}

impl<'a> Signer<'a> {
    /// The signatory for a request of this stage.
    ///
    /// # Errors
    /// When it is the caller, and the method does not find out who that is.
    pub(crate) fn of(signatory: &'a Signatory, arrival: &'a Arrival, stage: &'a PublishedStage) -> Result<Self, GatewayError> {
        match signatory {
            Signatory::Default => Ok(Self::Default),
            Signatory::Role(arn) => Ok(Self::Role(arn)),
            Signatory::Caller => match arrival.caller() {
                Some(caller) => Ok(Self::Caller(InCallersName { caller, arrival, api: stage.scope() })),
                None => Err(GatewayError::Configuration(
                    "the integration's credentials are the caller's own, arn:aws:iam::*:user/*, which needs a method with AWS_IAM",
                )),
            },
        }
    }
}

impl InCallersName<'_> {
    /// The caller's own key.
    ///
    /// # Errors
    /// When the caller belongs to another account: an API must not spend the rights of whoever its resource policy lets in.
    pub(crate) fn credentials(&self, accounts: Accounts) -> Result<Credentials, GatewayError> {
        self.check_account(accounts)?;
        Ok(self.caller.credentials())
    }

    /// Whether the caller may invoke a function in a Region; `headers` are those of the call.
    ///
    /// # Errors
    /// As [`Self::credentials`].
    pub(crate) fn may_invoke(
        &self,
        function: &str,
        region: &str,
        headers: &HeaderMap,
        accounts: Accounts,
    ) -> Result<bool, GatewayError> {
        self.check_account(accounts)?;
        let scope = Scope { account: self.api.account.clone(), region: region.to_owned() };
        let keys = ConditionKeys::of(self.arrival, headers, Some(self.caller));
        Ok(self.caller.verdict_of_function(&FunctionArn::of(function, &scope), &keys) == Verdict::Allow)
    }

    /// Who it is, for the log.
    pub(crate) fn arn(&self) -> &str {
        self.caller.arn()
    }

    fn check_account(&self, accounts: Accounts) -> Result<(), GatewayError> {
        if accounts == Accounts::Any || self.caller.account() == self.api.account {
            return Ok(());
        }
        Err(GatewayError::Configuration(
            "the integration's credentials are the caller's own, and the caller is of another account",
        ))
    }
}
