//! The throttle of an account in a Region: one bucket for all that is called of it.

#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use postern_data_plane::{AccessLog, AccountLimit, GatewaySettings};
use support::signing::{Call, Keys, ROOT, call, iam};
use support::{Answer, Backend, TestGateway, api, mock, ok, proxy, with};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

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

/// Sends a signed request whose body comes after `meanwhile` is done.
async fn slowly(test: &TestGateway, signed: &Call<'_>, meanwhile: impl Future<Output = ()>) -> Answer {
    let mut socket = TcpStream::connect(test.address).await.unwrap();
    let fields = signed.signed().join("\r\n");
    let length = signed.body.len();
    let head = format!("{} {} HTTP/1.1\r\nConnection: close\r\nContent-Length: {length}\r\n", signed.verb, signed.path);
    socket.write_all(format!("{head}{fields}\r\n\r\n").as_bytes()).await.unwrap();
    meanwhile.await;
    socket.write_all(signed.body.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    socket.read_to_end(&mut bytes).await.unwrap();
    Answer::parse(&bytes)
}

#[tokio::test]
async fn what_was_waited_for_is_no_part_of_the_moment_of_admission_nor_of_the_backends_time() {
    let backend = Backend::answering(ok("done")).await;
    let settings =
        GatewaySettings { account_limit: Some(AccountLimit { rate_per_second: 1_000, burst: 2 }), ..GatewaySettings::default() };
    let keys = Keys::with(&[(ROOT, "000000000000", None)]);
    let test = TestGateway::start_with_keys(settings, AccessLog::off(), keys);
    let short = with(proxy(&backend.uri("/")), |integration| integration.timeout_in_millis = 50);
    let source = api(vec![("/slow", "POST", iam(short)), ("/fast", "GET", mock("{statusCode: 200}", &[]))]);
    test.gateway.publish(source).unwrap();
    let signed = Call { body: "{}", ..call("POST", "/s/slow") };
    // Longer than the bucket takes to fill, and than the backend may take.
    let answer = slowly(&test, &signed, async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(test.call("GET", "/s/fast", &[], "").await.status, 200);
        tokio::time::sleep(Duration::from_millis(20)).await;
    });
    let answer = answer.await;
    assert_eq!((answer.status, answer.text().as_str()), (200, "done"), "{answer:?}");
}
