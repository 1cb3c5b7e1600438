//! Whose resource it is: every stored resource belongs to one account in one region.

use serde::{Deserialize, Serialize};

/// The account (twelve digits) and region a resource lives in. The account comes from the access key, the region from the
/// signature's credential scope.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Scope {
    /// Twelve digits.
    pub account: String,
    /// A region name such as `us-east-1`; any name is accepted, none is known in advance.
    pub region: String,
}

impl Scope {
    /// The partition that ARNs of this region carry, after AWS's naming of regions.
    pub fn partition(&self) -> &'static str {
        match self.region.as_str() {
            region if region.starts_with("cn-") => "aws-cn",
            region if region.starts_with("us-gov-") => "aws-us-gov",
            _ => "aws",
        }
    }
}

/// Who asks: known once the signature of a management call is verified.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Caller {
    /// The account and region that the call reads and writes.
    pub scope: Scope,
    /// The key that signed the call.
    pub access_key_id: String,
}
