//! The account aggregate: settings that hold for all APIs of one account in one region.

use serde::{Deserialize, Serialize};

/// What UpdateAccount can change. Everything else that GetAccount shows is the same for every account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Role for CloudWatch Logs; stage logging may only be switched on while it is set, as on AWS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cloudwatch_role_arn: Option<String>,
}
