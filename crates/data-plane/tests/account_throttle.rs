//! The throttle of an account in a Region: one bucket for all that is called of it.

#![allow(clippy::unwrap_used)]

mod support;

use postern_data_plane::{AccessLog, AccountLimit, GatewaySettings};
use support::{TestGateway, api, mock};

fn serving(account_limit: Option<AccountLimit>) -> TestGateway {
    let test = TestGateway::start(GatewaySettings { account_limit, ..GatewaySettings::default() }, AccessLog::off());
    let ok = || mock("{statusCode: 200}", &[]);
    let mut source = api(vec![("/a", "GET", ok()), ("/b", "GET", ok())]);
    let mut elsewhere = source.clone();
    elsewhere.api_id = "zyxwv98765".to_owned();
    elsewhere.scope.account = "111111111111".to_owned();
    source.version = 1;
    test.gateway.publish(source).unwrap();
    test.gateway.publish(elsewhere).unwrap();
    test
}

#[tokio::test]
async fn all_methods_of_an_account_share_a_bucket_and_accounts_do_not() {
    // A token comes back in a day: none does during the test.
    let test = serving(Some(AccountLimit { rate_per_second: 1, burst: 3 }));
    let of = async |path: &str| {
        let answer = test.call("GET", path, &[], "").await;
        (answer.status, if answer.status == 200 { String::new() } else { answer.message() })
    };
    let mut taken = Vec::new();
    for path in ["/s/a", "/s/b", "/s/a", "/s/b", "/s/a"] {
        taken.push(of(path).await);
    }
    assert_eq!(taken[..3], [(200, String::new()), (200, String::new()), (200, String::new())]);
    assert!(taken[3..].contains(&(429, "Too Many Requests".to_owned())), "{taken:?}");
    // The same path by the other API, whose account has a bucket of its own.
    let other = test.call_with("GET", "/_aws/execute-api/zyxwv98765/s/a", &["Host: localhost"], "").await;
    assert_eq!(other.status, 200, "{other:?}");
}

#[tokio::test]
async fn without_a_limit_there_is_none() {
    let test = serving(None);
    for _ in 0..50 {
        assert_eq!(test.call("GET", "/s/a", &[], "").await.status, 200);
    }
}
