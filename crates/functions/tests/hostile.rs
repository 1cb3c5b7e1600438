//! Functions that hang, exit, print garbage, leak and fork: each is reported as AWS reports it, the next call is served, and nothing of
//! them is left.
#![allow(clippy::unwrap_used)]

mod support;

use std::time::{Duration, Instant};

use postern_api_model::ports::{FunctionCall, FunctionInvoker as _};
use postern_functions::{FunctionSettings, Functions};
use support::{Declared, PATIENCE, end, error, invoke, result};

/// A handler that does what its event says.
const OBEYS: &str = r#"
import os, subprocess, sys, time
kept = []
def handler(event, context):
    do = event.get('do')
    if do == 'hang':
        time.sleep(3600)
    if do == 'exit':
        os._exit(event['status'])
    if do == 'kill':
        os.kill(os.getpid(), 9)
    if do == 'long':
        return 'x' * (event['bytes'] - 2)
    if do == 'garbage':
        sys.stdout.buffer.write(bytes(range(256)) * 4096)
        sys.stdout.flush()
    if do == 'leak':
        kept.extend(os.open('/dev/null', os.O_RDONLY) for _ in range(100000))
    if do == 'fork':
        # One that keeps its group, one with a session of its own, one of which the parent is gone, and one without the environment.
        subprocess.Popen(['sleep', '3601'])
        subprocess.Popen(['sleep', '3601'], start_new_session=True)
        subprocess.Popen(['sh', '-c', 'setsid sleep 3601 & exit'])
        subprocess.Popen(['sleep', '3601'], env={}, start_new_session=True)
    if event.get('then') == 'exit':
        os._exit(1)
    if event.get('then') == 'hang':
        time.sleep(3600)
    return os.getpid()
"#;

/// Processes whose working directory is this one.
fn processes_in(directory: &std::path::Path) -> usize {
    let directory = directory.canonicalize().unwrap();
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    entries.filter(|entry| std::fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd == directory)).count()
}

#[tokio::test]
async fn a_function_that_hangs_is_ended_in_time() {
    let running = Declared::python(OBEYS).with(|settings| settings.timeout = Duration::from_millis(1500)).start();
    let before = result(&running, "{}").await;
    let since = Instant::now();
    let failure = error(&running, r#"{"do":"hang"}"#).await;
    assert_eq!(failure["errorType"], "Sandbox.Timedout");
    assert!(failure["errorMessage"].as_str().unwrap().ends_with("Error: Task timed out after 1.50 seconds"), "{failure}");
    assert!(since.elapsed() >= Duration::from_millis(1500));
    assert_ne!(result(&running, "{}").await, before);
    end(running).await;
}

#[tokio::test]
async fn a_function_that_exits_is_reported_and_replaced() {
    let running = Declared::python(OBEYS).start();
    for (event, reason) in [
        (r#"{"do":"exit","status":3}"#, "Runtime exited with error: exit status 3"),
        (r#"{"do":"exit","status":0}"#, "Runtime exited without providing a reason"),
        (r#"{"do":"kill"}"#, "Runtime exited with error: signal: killed"),
    ] {
        let failure = error(&running, event).await;
        assert_eq!(failure["errorType"], "Runtime.ExitError");
        assert!(failure["errorMessage"].as_str().unwrap().ends_with(&format!("Error: {reason}")), "{failure}");
        result(&running, "{}").await;
    }
    end(running).await;
}

#[tokio::test]
async fn a_result_may_be_six_megabytes_and_no_more() {
    let running = Declared::python(OBEYS).start();
    let most = 6 * 1024 * 1024 + 100;
    assert_eq!(result(&running, &format!(r#"{{"do":"long","bytes":{most}}}"#)).await.len(), most);
    let failure = error(&running, &format!(r#"{{"do":"long","bytes":{}}}"#, most + 1)).await;
    assert_eq!(failure["errorType"], "Function.ResponseSizeTooLarge");
    assert_eq!(
        failure["errorMessage"],
        "Response payload size (6291557 bytes) exceeded maximum allowed payload size (6291556 bytes)."
    );
    result(&running, "{}").await;
    end(running).await;
}

#[tokio::test]
async fn garbage_and_leaks_hurt_nobody_else() {
    let running = Declared::python(OBEYS).start();
    result(&running, r#"{"do":"garbage"}"#).await;
    let failure = error(&running, r#"{"do":"leak"}"#).await;
    assert_eq!(failure["errorType"], "OSError");
    // That process has no descriptor left to answer anybody; whatever becomes of it, the function goes on.
    invoke(&running, "{}").await.unwrap();
    result(&running, "{}").await;
    end(running).await;
}

#[tokio::test]
async fn whatever_it_forks_ends_with_it() {
    for event in [r#"{"do":"fork"}"#, r#"{"do":"fork","then":"hang"}"#] {
        let running = Declared::python(OBEYS).with(|settings| settings.timeout = Duration::from_secs(2)).start();
        let directory = running.declared.path().to_owned();
        invoke(&running, event).await.unwrap();
        running.functions.shutdown(PATIENCE).await;
        assert_eq!(processes_in(&directory), 0, "{event}");
    }
}

#[tokio::test]
async fn dropping_the_functions_ends_them() {
    let running = Declared::python(OBEYS).start();
    result(&running, r#"{"do":"fork"}"#).await;
    let support::Running { functions, declared } = running;
    assert_ne!(processes_in(declared.path()), 0);
    drop(functions);
    tokio::time::timeout(PATIENCE, async {
        while processes_in(declared.path()) > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_runtime_out_of_order_is_told_so() {
    // Asks again without an answer, answers twice, answers for others, and says what each of these came to.
    let running = Declared::bootstrap(
        r#"
import http.client, json, os
def ask(method, path, body=None):
    connection = http.client.HTTPConnection(os.environ['AWS_LAMBDA_RUNTIME_API'])
    connection.request(method, '/2018-06-01/runtime/' + path, body)
    response = connection.getresponse()
    return response, response.read().decode()
said = []
def note(answer):
    said.append([answer[0].status, json.loads(answer[1]).get('errorType')])
while True:
    response, event = ask('GET', 'invocation/next')
    id = response.headers['Lambda-Runtime-Aws-Request-Id']
    note(ask('GET', 'invocation/next'))
    note(ask('POST', 'invocation/0/response', '1'))
    note(ask('POST', 'init/error', '{}'))
    note(ask('GET', 'invocation/' + id + '/response'))
    note(ask('GET', 'elsewhere'))
    ask('POST', 'invocation/' + id + '/response', json.dumps(said))
    said = []
    note(ask('POST', 'invocation/' + id + '/error', '{}'))
"#,
    )
    .start();
    let in_order = r#"[403, "InvalidStateTransition"], [400, "InvalidRequestID"], [403, "InvalidStateTransition"], [405, "MethodNotAllowed"], [404, "NotFound"]"#;
    assert_eq!(result(&running, "1").await, format!("[{in_order}]"));
    assert_eq!(result(&running, "1").await, format!(r#"[[403, "InvalidStateTransition"], {in_order}]"#));
    end(running).await;
}

#[tokio::test]
async fn the_environment_is_the_functions_and_not_the_servers() {
    let running = Declared::python("import os\ndef handler(event, context):\n    return dict(os.environ)\n")
        .with(|settings| drop(settings.environment.insert("MINE".to_owned(), "ours".to_owned())))
        .start();
    let seen: std::collections::BTreeMap<String, String> = serde_json::from_str(&result(&running, "{}").await).unwrap();
    for (name, value) in [
        ("MINE", "ours"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_LAMBDA_FUNCTION_NAME", "hello"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
        ("_HANDLER", "app.handler"),
        ("TZ", ":UTC"),
    ] {
        assert_eq!(seen[name], value);
    }
    assert_eq!(seen["LAMBDA_TASK_ROOT"], running.declared.path().to_str().unwrap());
    let host: Vec<String> = std::env::vars().map(|(name, _)| name).collect();
    let known = ["PATH", "LD_LIBRARY_PATH", "LANG", "TZ", "LC_CTYPE", "MINE"];
    // A launcher in front of Python, such as that of a version manager, adds its own.
    let leaked: Vec<&String> = seen
        .keys()
        .filter(|name| {
            host.contains(name)
                && !known.contains(&name.as_str())
                && !["PYENV", "PWD", "SHLVL", "_"].iter().any(|own| name.starts_with(own))
        })
        .collect();
    assert!(leaked.is_empty(), "{leaked:?}");
    end(running).await;
}

#[tokio::test]
async fn a_killed_server_leaves_nothing() {
    // The server is this test again, in a process of its own that is killed while its function hangs.
    const DIRECTORY: &str = "POSTERN_TEST_KILLED_SERVER";
    if let Ok(directory) = std::env::var(DIRECTORY) {
        let declared = Declared::python(OBEYS).with(|settings| settings.directory = directory.into());
        let running = declared.start();
        drop(result(&running, r#"{"do":"fork"}"#).await);
        std::fs::write(running.declared.settings.directory.join("ready"), "").unwrap();
        drop(invoke(&running, r#"{"do":"hang"}"#).await);
        return;
    }
    let declared = Declared::python(OBEYS);
    let mut server = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_killed_server_leaves_nothing"])
        .env(DIRECTORY, declared.path())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let wait_for = async |done: &dyn Fn() -> bool| {
        let waited = tokio::time::timeout(PATIENCE, async {
            while !done() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        waited.await.unwrap();
    };
    wait_for(&|| declared.path().join("ready").exists()).await;
    server.kill().unwrap();
    server.wait().unwrap();
    // All but the one that threw away its environment, and with it every trace of whose it is.
    wait_for(&|| processes_in(declared.path()) <= 1).await;
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let ours = std::fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd == declared.path().canonicalize().unwrap());
        if let (true, Some(id)) = (ours, entry.file_name().to_str().and_then(|id| id.parse::<i32>().ok())) {
            std::process::Command::new("kill").args(["-9", &id.to_string()]).status().unwrap();
        }
    }
}

#[tokio::test]
async fn the_end_of_a_function_is_not_that_of_its_namesake() {
    let declared = Declared::python(OBEYS).with(|settings| settings.concurrency_max = 1);
    let arn = "arn:aws:lambda:us-east-1:123456789012:function:hello";
    let namesake = FunctionSettings { name: arn.to_owned(), ..declared.settings.clone() };
    let functions = Functions::start(vec![declared.settings.clone(), namesake], support::options()).unwrap();
    let of_namesake = async |payload: &str| {
        let answer = functions.invoke(FunctionCall { function: arn.to_owned(), ..support::call(payload) }).await.unwrap();
        String::from_utf8(answer.payload.to_vec()).unwrap()
    };
    let process = result(&functions, "{}").await;
    for _ in 0..2 {
        of_namesake(r#"{"do":"exit","status":1}"#).await;
        // Its next process is started when nothing is left of the one before.
        of_namesake("{}").await;
    }
    assert_eq!(result(&functions, "{}").await, process);
    functions.shutdown(PATIENCE).await;
}
