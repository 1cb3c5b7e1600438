//! Calls of functions that run: what they get, what they give, and what is reused.
#![allow(clippy::unwrap_used)]

mod support;

use support::{Declared, call, end, error, invoke, result};

use postern_api_model::ports::{FunctionInvoker as _, LogType};

#[tokio::test]
async fn a_handler_answers_and_its_process_is_used_again() {
    let declared = Declared::python(
        "import os\ncount = 0\ndef handler(event, context):\n    global count\n    count += 1\n    return {'event': event, 'count': count, 'pid': os.getpid()}\n",
    );
    let functions = declared.start();
    let first: serde_json::Value = serde_json::from_str(&result(&functions, r#"{"a":"ü"}"#).await).unwrap();
    let second: serde_json::Value = serde_json::from_str(&result(&functions, "").await).unwrap();
    assert_eq!((&first["event"]["a"], &first["count"]), (&"ü".into(), &1.into()));
    assert_eq!((&second["event"], &second["count"]), (&serde_json::json!({}), &2.into()));
    assert_eq!(first["pid"], second["pid"]);
    end(functions).await;
}

#[tokio::test]
async fn the_context_says_what_it_says_on_aws() {
    let declared = Declared::python(
        "def handler(event, context):\n    return [context.aws_request_id, context.function_name, context.function_version, context.memory_limit_in_mb,\n        context.invoked_function_arn, context.log_group_name, 0 < context.get_remaining_time_in_millis() <= 20000,\n        context.client_context.custom['a']]\n",
    );
    let functions = declared.start();
    let mut asked = call("{}");
    asked.function = "hello:live".to_owned();
    asked.client_context = Some("eyJjdXN0b20iOnsiYSI6IsO8In19".to_owned());
    let answer = functions.invoke(asked).await.unwrap();
    let told: Vec<serde_json::Value> = serde_json::from_slice(&answer.payload).unwrap();
    assert_eq!(told[0], answer.request_id.as_str());
    assert_eq!(
        told[1..],
        [
            "hello".into(),
            "$LATEST".into(),
            "128".into(),
            "arn:aws:lambda:us-east-1:000000000000:function:hello:live".into(),
            "/aws/lambda/hello".into(),
            true.into(),
            serde_json::Value::from("ü"),
        ]
    );
    end(functions).await;
}

#[tokio::test]
async fn an_exception_is_an_answer() {
    let functions = Declared::python("def handler(event, context):\n    raise ValueError('boom')\n").start();
    let failure = error(&functions, "{}").await;
    assert_eq!((&failure["errorType"], &failure["errorMessage"]), (&"ValueError".into(), &"boom".into()));
    assert!(failure["stackTrace"][0].as_str().unwrap().contains("app.py"));
    end(functions).await;
}

#[tokio::test]
async fn an_exception_may_have_any_name() {
    let functions = Declared::python(
        "import os\nclass Ошибка(Exception):\n    pass\ndef handler(event, context):\n    if event:\n        raise type(event, (Ошибка,), {})('boom')\n    return os.getpid()\n",
    )
    .start();
    let process = result(&functions, "0").await;
    for name in ["Ошибка", "Größe", "two\\nlines"] {
        let failure = error(&functions, &format!("\"{name}\"")).await;
        assert_eq!((&failure["errorType"], &failure["errorMessage"]), (&name.replace("\\n", "\n").into(), &"boom".into()));
    }
    assert_eq!(result(&functions, "0").await, process, "it did not survive its own error");
    end(functions).await;
}

#[tokio::test]
async fn the_end_of_the_log_is_there_when_it_is_wanted() {
    let functions =
        Declared::python("def handler(event, context):\n    print('one')\n    print('two', end='')\n    return 1\n").start();
    let mut asked = call("{}");
    asked.log = LogType::Tail;
    for _ in 0..2 {
        let answer = functions.invoke(asked.clone()).await.unwrap();
        let tail = String::from_utf8(answer.log_tail.unwrap().to_vec()).unwrap();
        let id = &answer.request_id;
        assert!(
            tail.starts_with(&format!(
                "START RequestId: {id} Version: $LATEST\none\ntwo\nEND RequestId: {id}\nREPORT RequestId: {id}\tDuration: "
            )),
            "{tail}"
        );
        assert!(tail.contains("Memory Size: 128 MB\tMax Memory Used: "), "{tail}");
    }
    assert_eq!(invoke(&functions, "{}").await.unwrap().log_tail, None);
    end(functions).await;
}
