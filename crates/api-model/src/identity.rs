//! Who an access key speaks for: the account's root, or a user of its own where a policy limits the key.

/// The one behind an access key. There are no users apart from keys: one that has a policy is a user of the key's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Twelve digits.
    pub account: String,
    /// The key that a request is signed with.
    pub access_key_id: String,
    /// What the key may do.
    pub kind: IdentityKind,
}

/// What kind of principal an access key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentityKind {
    /// A key without a policy, which may do everything in its account.
    Root,
    /// A key with a policy.
    User,
}

/// For how long a key was lent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// SHA-256 of the token that must come with each signature.
    pub token_sha256: [u8; 32],
    /// When it was lent, in seconds since the epoch.
    pub issued_s: i64,
    /// When it ends.
    pub expires_s: i64,
}

impl Identity {
    /// The ARN: `arn:aws:iam::123456789012:root`, or `...:user/{access key id}`.
    pub fn arn(&self, partition: &str) -> String {
        let Self { account, access_key_id, kind } = self;
        match kind {
            IdentityKind::Root => format!("arn:{partition}:iam::{account}:root"),
            IdentityKind::User => format!("arn:{partition}:iam::{account}:user/{access_key_id}"),
        }
    }

    /// The unique id: of a root user it is the account (IAM user guide, "Principal key values").
    pub fn user_id(&self) -> &str {
        match self.kind {
            IdentityKind::Root => &self.account,
            IdentityKind::User => &self.access_key_id,
        }
    }

    /// The value of a condition key about the caller; `key` is in lower case.
    pub fn condition_value(&self, key: &str, partition: &str) -> Option<String> {
        Some(match key {
            "aws:principalaccount" => self.account.clone(),
            "aws:principalarn" => self.arn(partition),
            "aws:principaltype" => match self.kind {
                IdentityKind::Root => "Account".to_owned(),
                IdentityKind::User => "User".to_owned(),
            },
            "aws:userid" => self.user_id().to_owned(),
            // Documented: a root user has no name.
            "aws:username" if self.kind == IdentityKind::User => self.access_key_id.clone(),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_and_a_user() {
        let root = Identity { account: "123456789012".into(), access_key_id: "AKIA".into(), kind: IdentityKind::Root };
        let user = Identity { kind: IdentityKind::User, ..root.clone() };
        assert_eq!(root.arn("aws-cn"), "arn:aws-cn:iam::123456789012:root");
        assert_eq!(user.arn("aws"), "arn:aws:iam::123456789012:user/AKIA");
        let values = |identity: &Identity| {
            ["aws:principaltype", "aws:userid", "aws:username", "aws:sourceip"].map(|key| identity.condition_value(key, "aws"))
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(values(&root), [some("Account"), some("123456789012"), None, None]);
        assert_eq!(values(&user), [some("User"), some("AKIA"), some("AKIA"), None]);
    }
}
