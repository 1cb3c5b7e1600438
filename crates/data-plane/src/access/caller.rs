//! Who a request comes from, once that is proven.

use std::borrow::Cow;
use std::sync::Arc;

use postern_api_model::function_arn::FunctionArn;
use postern_api_model::hidden::Hidden;
use postern_api_model::identity::Identity;
use postern_api_model::ports::{Credentials, Proof};
use postern_policy::{Keys, Policy, Principal, Request, Verdict};

use super::callers::{Key, Rights};
use super::method_arn::MethodArn;
use super::resource_policy::strictest_on;
use super::signature::Proven;
use crate::clock::EpochMillis;

/// What invoking a function is called, with a streamed response too.
const INVOKE_FUNCTION: &str = "lambda:InvokeFunction";

/// A caller of a method with `AWS_IAM`.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    key: Arc<Key>,
    /// What came with its signature, when the key was lent for a while.
    session_token: Option<Hidden>,
    /// In the partition of the API's region.
    arn: Box<str>,
}

/// `$context.identity.X`, as far as it speaks of the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CallerFact {
    /// Of the caller, which may be another than the API's.
    AccountId,
    AccessKey,
    /// The unique id of the one who signed.
    Caller,
    /// The same: nobody signs for another here.
    User,
    UserArn,
}

impl CallerFact {
    /// Every fact by its name behind `identity.`.
    pub(crate) const ALL: [(&str, Self); 5] = [
        ("accountId", Self::AccountId),
        ("accessKey", Self::AccessKey),
        ("caller", Self::Caller),
        ("user", Self::User),
        ("userArn", Self::UserArn),
    ];
}

impl Caller {
    /// The one that a key speaks for.
    pub(super) fn of(proven: Proven, partition: &str) -> Self {
        let Proven { key, session_token } = proven;
        Self { arn: key.identity.arn(partition).into(), key, session_token }
    }

    /// `arn:aws:iam::123456789012:root`, or that of a user.
    pub(crate) fn arn(&self) -> &str {
        &self.arn
    }

    pub(super) fn account(&self) -> &str {
        &self.key.identity.account
    }

    pub(super) fn principal(&self) -> Principal<'_> {
        Principal::Aws { account: &self.key.identity.account, arn: &self.arn, role_arn: None }
    }

    /// What the caller's own policy says of a method. Whoever has none has all rights of its account.
    pub(super) fn verdict(&self, action: &str, arn: &MethodArn, keys: &dyn Keys) -> Verdict {
        self.by_policy(|policy| strictest_on(action, policy, self.principal(), arn, keys))
    }

    /// What it says of invoking a function. Here every qualifier is the same function, so that a denial of the function itself holds for
    /// all of them.
    pub(super) fn verdict_of_function(&self, function: &FunctionArn, keys: &dyn Keys) -> Verdict {
        self.by_policy(|policy| {
            let asked = |resource: &str| {
                policy.verdict(&Request { principal: self.principal(), action: INVOKE_FUNCTION, resource, keys })
            };
            if asked(&function.unqualified) == Verdict::Deny { Verdict::Deny } else { asked(&function.arn) }
        })
    }

    fn by_policy(&self, ask: impl FnOnce(&Policy) -> Verdict) -> Verdict {
        match &self.key.rights {
            Rights::All => Verdict::Allow,
            Rights::Limited(policy) => ask(policy),
            Rights::Unreadable => Verdict::Deny,
        }
    }

    /// What requests in the caller's name are signed with.
    pub(super) fn credentials(&self) -> Credentials {
        let Identity { account, access_key_id, kind: _ } = &self.key.identity;
        match &self.key.proof {
            Proof::Secret(secret) => {
                let session_token = self.session_token.clone();
                Credentials { access_key_id: access_key_id.clone(), secret_access_key: secret.clone(), session_token }
            }
            // Nobody showed a secret; what is made up opens nothing that anyone protects.
            Proof::Waived => Credentials::for_development(account),
        }
    }

    /// A condition key about the caller.
    pub(super) fn condition_value(&self, key: &str) -> Option<String> {
        match key {
            "aws:principalarn" => Some(self.arn.to_string()),
            "aws:tokenissuetime" => {
                let issued_s = u64::try_from(self.key.session?.issued_s).ok()?;
                Some(EpochMillis(issued_s * 1000).rfc3339())
            }
            // The ARN is the only one that the partition is part of.
            key => self.key.identity.condition_value(key, ""),
        }
    }

    /// A fact for `$context`.
    pub(crate) fn fact(&self, fact: CallerFact) -> Cow<'_, str> {
        Cow::Borrowed(match fact {
            CallerFact::AccountId => &self.key.identity.account,
            CallerFact::AccessKey => &self.key.identity.access_key_id,
            CallerFact::Caller | CallerFact::User => self.key.identity.user_id(),
            CallerFact::UserArn => &self.arn,
        })
    }
}
