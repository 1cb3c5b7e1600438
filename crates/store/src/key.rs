//! What is stored under which name, and what a commit does to it.

use std::fmt;

use postern_api_model::scope::Scope;

/// What an aggregate is. The name is stored, so it never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Kind(&'static str);

impl Kind {
    /// A REST API with its resources, methods, models, stages and the list of its deployments.
    pub const REST_API: Kind = Kind("rest_api");
    /// The definition that a deployment of a REST API froze; its id is `{api_id}/{deployment_id}`.
    pub const REST_DEPLOYMENT: Kind = Kind("rest_deployment");
    /// The settings of one account in one region.
    pub const ACCOUNT: Kind = Kind("account");
    /// A custom domain name with its base path mappings.
    pub const DOMAIN_NAME: Kind = Kind("domain_name");
    /// Whose a public domain name is, in one region over all accounts: its scope names no account.
    pub const DOMAIN_CLAIM: Kind = Kind("domain_claim");
    /// A VPC endpoint's access to a private domain name.
    pub const DOMAIN_ACCESS: Kind = Kind("domain_access");
    /// A VPC link of REST APIs.
    pub const VPC_LINK: Kind = Kind("vpc_link");
    /// A VPC link of `apigatewayv2`.
    pub const VPC_LINK_V2: Kind = Kind("vpc_link_v2");
    /// The documentation parts that a documentation version froze; its id is `{api_id}/{version}`.
    pub const DOCUMENTATION_VERSION: Kind = Kind("documentation_version");
    /// An API key.
    pub const API_KEY: Kind = Kind("api_key");
    /// Which API key has a value; its id is a digest of the value.
    pub const API_KEY_VALUE: Kind = Kind("api_key_value");
    /// A usage plan.
    pub const USAGE_PLAN: Kind = Kind("usage_plan");
    /// An API key in a usage plan; its id is `{usage_plan_id}/{api_key_id}`.
    pub const USAGE_PLAN_KEY: Kind = Kind("usage_plan_key");
    /// What an API key used of a usage plan on one day; its id is `{usage_plan_id}/{api_key_id}/{YYYY-MM-DD}`.
    pub const USAGE_DAY: Kind = Kind("usage_day");
    /// A client certificate with its private key.
    pub const CLIENT_CERTIFICATE: Kind = Kind("client_certificate");

    const ALL: &[Kind] = &[
        Kind::REST_API,
        Kind::REST_DEPLOYMENT,
        Kind::ACCOUNT,
        Kind::DOCUMENTATION_VERSION,
        Kind::API_KEY,
        Kind::API_KEY_VALUE,
        Kind::USAGE_PLAN,
        Kind::USAGE_PLAN_KEY,
        Kind::USAGE_DAY,
        Kind::CLIENT_CERTIFICATE,
        Kind::DOMAIN_NAME,
        Kind::DOMAIN_CLAIM,
        Kind::DOMAIN_ACCESS,
        Kind::VPC_LINK,
        Kind::VPC_LINK_V2,
    ];

    /// The stored name.
    pub fn as_str(self) -> &'static str {
        self.0
    }

    /// The kind with this stored name.
    pub fn named(name: &str) -> Option<Kind> {
        Kind::ALL.iter().copied().find(|kind| kind.0 == name)
    }

    /// Whether the change feed has the writes of single aggregates of this kind. Counts change with the traffic, would push everything
    /// else out of the feed, and are read by nobody but who writes them.
    pub fn is_in_feed(self) -> bool {
        self != Kind::USAGE_DAY
    }

    /// Whether ids of this kind are API ids, which are unique in the whole installation.
    pub fn is_api(self) -> bool {
        self == Kind::REST_API
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// Where an aggregate is found.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// What it is.
    pub kind: Kind,
    /// Whose it is.
    pub scope: Scope,
    /// Unique within kind and scope; for API kinds in the whole installation.
    pub id: String,
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} of account {} in {}", self.kind, self.id, self.scope.account, self.scope.region)
    }
}

/// A value and the version it was read at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versioned<T> {
    /// 1 when the aggregate was made, one more with each write.
    pub version: u64,
    /// The aggregate.
    pub value: T,
}

/// One step of a commit. A failed check conflicts the whole commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// Makes an aggregate at version 1. Conflicts when there is one, or when an API id is taken in any scope.
    Create {
        /// Its key.
        key: Key,
        /// JSON.
        body: Vec<u8>,
    },
    /// Writes the next version. Conflicts unless the stored version is the expected one.
    Replace {
        /// Its key.
        key: Key,
        /// The version that the new body was made from.
        expected_version: u64,
        /// JSON.
        body: Vec<u8>,
    },
    /// Removes the aggregate. Conflicts unless the stored version is the expected one.
    Delete {
        /// Its key.
        key: Key,
        /// The version that the decision was made on.
        expected_version: u64,
    },
    /// Changes nothing. Conflicts unless the stored version is the expected one: for a decision that rests on what an aggregate
    /// does not hold.
    Expect {
        /// Its key.
        key: Key,
        /// The version that the decision was made on.
        expected_version: u64,
    },
    /// Writes the next version with the body as it is. Conflicts unless the stored version is the expected one. Whoever refers to an
    /// aggregate touches it in the commit that makes the reference, so that a removal that has looked for references before
    /// conflicts, and looks again.
    Touch {
        /// Its key.
        key: Key,
        /// The version at which it was found to be fit.
        expected_version: u64,
    },
    /// Removes every aggregate of a kind whose id is `{parent_id}/...`, such as the frozen definitions of an API that is
    /// deleted. It checks no version: what stands under a parent is only written together with the parent, so it belongs into
    /// one commit with a checked write of the parent.
    DeleteChildren {
        /// Kind of the children.
        kind: Kind,
        /// Scope of the children.
        scope: Scope,
        /// The part of their ids before the slash.
        parent_id: String,
    },
}

/// One written or removed aggregate in the change feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Counts up by one, in the order of the commits.
    pub seq: u64,
    /// Stored name of the kind: a newer version may have written one that this version does not know.
    pub kind: String,
    /// Whose it is.
    pub scope: Scope,
    /// Id of the aggregate; whether it is still there is seen when it is loaded.
    pub id: String,
}
