//! How functions are started: with AWS's clients where they are installed, with our own elsewhere, and not at all where something is amiss.
#![allow(clippy::unwrap_used)]

mod support;

use std::os::unix::fs::PermissionsExt as _;

use postern_functions::settings::Launch;
use postern_functions::{Functions, Reload};
use support::{Declared, PATIENCE, end, options, result};

const HANDLER: &str = "def handler(event, context):\n    return 'ours'\n";

#[tokio::test]
async fn awslambdaric_is_used_where_it_can_be_imported() {
    let declared = Declared::python(HANDLER);
    // What stands in for it says that it was started, and with what.
    declared.write("awslambdaric/__init__.py", "");
    declared.write(
        "awslambdaric/__main__.py",
        r#"
import http.client, json, os, sys
connection = http.client.HTTPConnection(os.environ['AWS_LAMBDA_RUNTIME_API'])
while True:
    connection.request('GET', '/2018-06-01/runtime/invocation/next')
    response = connection.getresponse()
    response.read()
    connection.request('POST', f"/2018-06-01/runtime/invocation/{response.headers['Lambda-Runtime-Aws-Request-Id']}/response", json.dumps(sys.argv[1:]))
    connection.getresponse().read()
"#,
    );
    let running = declared.start();
    assert_eq!(result(&running, "{}").await, r#"["app.handler"]"#);
    end(running).await;
}

#[tokio::test]
async fn aws_lambda_ric_is_used_where_it_is_installed() {
    let declared = Declared::new(Launch::Handler("index.handler".to_owned()));
    declared.write("index.js", "");
    let client = "node_modules/.bin/aws-lambda-ric";
    declared.write(client, "#!/bin/sh\necho \"$@\" > started\nexit 1\n");
    let file = declared.path().join(client);
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    let running = declared.start();
    support::error(&running, "{}").await;
    assert_eq!(std::fs::read_to_string(running.declared.path().join("started")).unwrap(), "index.handler\n");
    end(running).await;
}

#[tokio::test]
async fn a_command_is_started_as_it_is() {
    let command = ["python3", "-c", "import os; open('started', 'w').write(os.environ['_HANDLER'])"].map(str::to_owned).to_vec();
    let running = Declared::new(Launch::Command { command, handler: Some("a.b".to_owned()) }).start();
    support::error(&running, "{}").await;
    assert_eq!(std::fs::read_to_string(running.declared.path().join("started")).unwrap(), "a.b");
    end(running).await;
    let running = Declared::new(Launch::Command { command: vec!["/no/such/program".to_owned()], handler: None }).start();
    let failure = support::error(&running, "{}").await;
    assert_eq!(failure["errorType"], "Runtime.InvalidEntrypoint");
    assert!(failure["errorMessage"].as_str().unwrap().contains("cannot start /no/such/program"), "{failure}");
    end(running).await;
}

#[tokio::test]
async fn what_is_amiss_is_said_at_the_start() {
    let good = || Declared::python(HANDLER).settings;
    type Change = fn(&mut postern_functions::FunctionSettings);
    let cases: [(Change, &str); 9] = [
        (|settings| settings.name = "a b".to_owned(), "is neither a name"),
        (|settings| settings.name = "hello:live".to_owned(), "is neither a name"),
        (|settings| settings.directory = "/no/such/directory".into(), "does not exist"),
        (|settings| settings.launch = Launch::Handler("other.handler".to_owned()), "other.py"),
        (|settings| settings.launch = Launch::Bootstrap, "bootstrap does not exist"),
        (|settings| settings.concurrency_max = 0, "concurrency_max is 0"),
        (|settings| settings.concurrency_min = 11, "concurrency_min (11) is over concurrency_max (10)"),
        (|settings| drop(settings.environment.insert("_HANDLER".to_owned(), String::new())), "_HANDLER is Lambda's own"),
        (|settings| settings.on_failure = Some("/no/such/directory/file".into()), "on_failure"),
    ];
    for (change, says) in cases {
        let declared = Declared::python(HANDLER);
        let mut settings = declared.settings.clone();
        change(&mut settings);
        let error = Functions::start(vec![settings], options()).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
    let declared = Declared::python(HANDLER);
    let twice = vec![declared.settings.clone(), declared.settings.clone()];
    assert!(Functions::start(twice, options()).unwrap_err().to_string().contains("declared twice"));
    assert!(Functions::start(vec![good()], options()).is_err(), "its directory is gone");
}

#[tokio::test]
async fn files_that_change_are_taken_up() {
    let declared = Declared::python(HANDLER);
    let functions = Functions::start(vec![declared.settings.clone()], support::with_reload(Reload::OnChange)).unwrap();
    let running = support::Running { functions, declared };
    assert_eq!(result(&running, "{}").await, r#""ours""#);
    running.declared.write("app.py", "def handler(event, context):\n    return 'theirs, and longer'\n");
    tokio::time::timeout(PATIENCE, async { while result(&running, "{}").await != r#""theirs, and longer""# {} }).await.unwrap();
    end(running).await;
}
