//! Account: settings of the caller's account in one region.

use postern_api_model::account::Account;
use postern_api_model::apigateway::{Account as Shown, GetAccountInput, Op, ThrottleSettings, UpdateAccountInput};
use postern_api_model::error::{ApiError, ApiResult};
use postern_api_model::scope::Caller;

use super::map_patch;
use crate::ControlPlane;
use crate::changes::store_failure;
use crate::patch::Patch;

/// The feature every account has had since usage plans exist; it cannot be removed.
const USAGE_PLANS: &str = "UsagePlans";
/// Version of API key semantics that AWS reports for such accounts.
const API_KEY_VERSION: &str = "4";

pub(super) async fn show(plane: &ControlPlane, caller: &Caller, _: GetAccountInput) -> ApiResult<Shown> {
    stored(plane, caller).await.map(|account| show_one(plane, &account))
}

/// The caller's account settings; the defaults where none were ever set.
pub(super) async fn stored(plane: &ControlPlane, caller: &Caller) -> ApiResult<Account> {
    let found =
        postern_store::load::<Account>(plane.store(), &caller.scope, &caller.scope.account).await.map_err(store_failure)?;
    Ok(found.map(|found| found.value).unwrap_or_default())
}

pub(super) async fn update(plane: &ControlPlane, caller: &Caller, input: UpdateAccountInput) -> ApiResult<Shown> {
    let patches = Patch::list(input.patch_operations)?;
    let change = |account: &mut Account| {
        patches.iter().try_for_each(|patch| apply(account, patch))?;
        Ok(show_one(plane, account))
    };
    plane.change_or_default::<Account, _>(caller, &caller.scope.account, change).await
}

fn apply(account: &mut Account, patch: &Patch) -> ApiResult<()> {
    match (patch.parts().as_slice(), patch.op) {
        (["cloudwatchRoleArn"], Op::Replace) => account.cloudwatch_role_arn = patch.optional().map(checked_role).transpose()?,
        (["features"], Op::Add) if patch.text() == USAGE_PLANS => {}
        (["features"], Op::Remove) if patch.text() == USAGE_PLANS => {
            return Err(ApiError::bad_request("Usage Plans cannot be disabled once enabled"));
        }
        (["features"], Op::Add | Op::Remove) => {
            return Err(ApiError::bad_request(format!("Invalid feature specified: {}", patch.text())));
        }
        (["cloudwatchRoleArn"], _) => {
            return Err(map_patch::unsupported_op("[replace]"));
        }
        (["features"], _) => {
            return Err(map_patch::unsupported_op("[add, remove]"));
        }
        _ => return Err(map_patch::unknown_path(patch)),
    }
    Ok(())
}

/// A role ARN: `arn:{partition}:iam::{account}:role/{name}`.
fn checked_role(arn: String) -> ApiResult<String> {
    let fields: Vec<&str> = arn.splitn(6, ':').collect();
    let is_role = matches!(fields[..], ["arn", _, "iam", "", account, role]
        if account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()) && role.strip_prefix("role/").is_some_and(|name| !name.is_empty()));
    if is_role { Ok(arn) } else { Err(ApiError::bad_request("Invalid ARN specified in the request")) }
}

fn show_one(plane: &ControlPlane, account: &Account) -> Shown {
    let (rate, burst) = plane.account_limit();
    Shown {
        cloudwatch_role_arn: account.cloudwatch_role_arn.clone(),
        throttle_settings: Some(ThrottleSettings { burst_limit: Some(burst), rate_limit: Some(rate) }),
        features: Some(vec![USAGE_PLANS.to_owned()]),
        api_key_version: Some(API_KEY_VERSION.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::server::fixture::{Bench, patch, refusal};
    use serde_json::json;

    const ROLE: &str = "arn:aws:iam::111111111111:role/service-role/logs";

    #[test]
    fn the_role_is_set_and_cleared() {
        let mut account = Account::default();
        apply(&mut account, &patch(Op::Replace, "/cloudwatchRoleArn", ROLE)).unwrap();
        assert_eq!(account.cloudwatch_role_arn.as_deref(), Some(ROLE));
        // Terraform sends no value at all.
        apply(&mut account, &patch(Op::Replace, "/cloudwatchRoleArn", "")).unwrap();
        assert_eq!(account, Account::default());
    }

    #[test]
    fn what_a_patch_cannot_do() {
        let operation = |ops| format!("Invalid patch operation specified. Must be one of: [{ops}]");
        let cases = [
            (
                patch(Op::Replace, "/cloudwatchRoleArn", "arn:aws:iam::1:role/x"),
                "Invalid ARN specified in the request".to_owned(),
            ),
            (
                patch(Op::Replace, "/cloudwatchRoleArn", "arn:aws:iam::111111111111:user/x"),
                "Invalid ARN specified in the request".into(),
            ),
            (patch(Op::Add, "/cloudwatchRoleArn", ROLE), operation("replace")),
            (patch(Op::Remove, "/cloudwatchRoleArn", ""), operation("replace")),
            (patch(Op::Remove, "/features", "UsagePlans"), "Usage Plans cannot be disabled once enabled".into()),
            (patch(Op::Add, "/features", "Other"), "Invalid feature specified: Other".into()),
            (patch(Op::Replace, "/features", "UsagePlans"), operation("add, remove")),
            (patch(Op::Replace, "/throttleSettings", "1"), "Invalid patch path /throttleSettings".into()),
        ];
        for (patch, text) in cases {
            let mut account = Account::default();
            assert_eq!(refusal(apply(&mut account, &patch)), (400, text));
        }
    }

    #[tokio::test]
    async fn an_account_has_defaults_until_it_is_changed() {
        let bench = Bench::dev().await;
        let mut shown = json!({
            "apiKeyVersion": "4", "features": ["UsagePlans"], "throttleSettings": {"burstLimit": 5000, "rateLimit": 10000.0},
        });
        assert_eq!(bench.call("GET", "/account", "").await.2, shown);
        let operations = json!({"patchOperations": [
            {"op": "add", "path": "/features", "value": "UsagePlans"},
            {"op": "replace", "path": "/cloudwatchRoleArn", "value": ROLE},
        ]});
        shown["cloudwatchRoleArn"] = ROLE.into();
        assert_eq!(bench.call("PATCH", "/account", &operations.to_string()).await.2, shown);
        assert_eq!(bench.call("GET", "/account", "").await.2, shown);
        assert_eq!(bench.call("PATCH", "/account", r#"{"patchOperations": []}"#).await.2, shown);
    }
}
