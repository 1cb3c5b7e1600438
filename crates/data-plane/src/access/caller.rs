//! Who a request comes from, once that is proven.

use std::borrow::Cow;
use std::sync::Arc;

use postern_api_model::identity::Identity;
use postern_policy::{Keys, Principal, Verdict};

use super::callers::{Key, Rights};
use super::method_arn::MethodArn;
use super::resource_policy::strictest_on;

/// A caller of a method with `AWS_IAM`.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    identity: Identity,
    /// In the partition of the API's region.
    arn: Box<str>,
    /// What was signed with.
    key: Arc<Key>,
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
    pub(super) fn of(key: Arc<Key>, partition: &str) -> Self {
        Self { identity: key.identity.clone(), arn: key.identity.arn(partition).into(), key }
    }

    /// `arn:aws:iam::123456789012:root`, or that of a user.
    pub(crate) fn arn(&self) -> &str {
        &self.arn
    }

    pub(super) fn account(&self) -> &str {
        &self.identity.account
    }

    pub(super) fn principal(&self) -> Principal<'_> {
        Principal::Aws { account: &self.identity.account, arn: &self.arn, role_arn: None }
    }

    /// What the caller's own policy says. Whoever has none has all rights of its account.
    pub(super) fn verdict(&self, action: &str, arn: &MethodArn, keys: &dyn Keys) -> Verdict {
        match &self.key.rights {
            Rights::All => Verdict::Allow,
            Rights::Limited(policy) => strictest_on(action, policy, self.principal(), arn, keys),
            Rights::Unreadable => Verdict::Deny,
        }
    }

    /// A condition key about the caller.
    pub(super) fn condition_value(&self, key: &str) -> Option<String> {
        match key {
            "aws:principalarn" => Some(self.arn.to_string()),
            // The ARN is the only one that the partition is part of.
            key => self.identity.condition_value(key, ""),
        }
    }

    /// A fact for `$context`.
    pub(crate) fn fact(&self, fact: CallerFact) -> Cow<'_, str> {
        Cow::Borrowed(match fact {
            CallerFact::AccountId => &self.identity.account,
            CallerFact::AccessKey => &self.identity.access_key_id,
            CallerFact::Caller | CallerFact::User => self.identity.user_id(),
            CallerFact::UserArn => &self.arn,
        })
    }
}
