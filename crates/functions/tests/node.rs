//! Node.js handlers on Postern's own client.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod support;

use postern_functions::settings::Launch;
use support::{Declared, Running, end, error, result};

/// A handler in a file of this name; nothing where there is no Node.js.
fn node(file: &str, handler: &str, code: &str) -> Option<Running> {
    if std::process::Command::new("node").arg("--version").output().is_err() {
        println!("skipped: there is no node");
        return None;
    }
    let declared = Declared::new(Launch::Handler(handler.to_owned()));
    declared.write(file, code);
    Some(declared.start())
}

#[tokio::test]
async fn modules_of_both_kinds() {
    for (file, code) in [
        (
            "index.mjs",
            "export const handler = async (event, context) => [event.a, context.functionName, context.getRemainingTimeInMillis() > 0];",
        ),
        (
            "index.js",
            "exports.handler = async (event, context) => [event.a, context.functionName, context.getRemainingTimeInMillis() > 0];",
        ),
        (
            "index.cjs",
            "module.exports = { handler: async (event, context) => [event.a, context.memoryLimitInMB === '128' ? 'hello' : '', true] };",
        ),
    ] {
        let Some(running) = node(file, "index.handler", code) else { return };
        for _ in 0..2 {
            assert_eq!(result(&running, r#"{"a":1}"#).await, r#"[1,"hello",true]"#, "{file}");
        }
        end(running).await;
    }
}

#[tokio::test]
async fn all_ways_to_answer() {
    let code = r"
        const ways = {
            callback: (event, context, callback) => { setTimeout(() => callback(null, 'called'), 1); },
            nowait: (event, context, callback) => { context.callbackWaitsForEmptyEventLoop = false; setInterval(() => {}, 1000).unref(); callback(null, 'at once'); },
            done: (event, context) => { context.done(null, 'done'); },
            succeed: (event, context) => { context.succeed('succeeded'); },
            nothing: () => {},
            promise: () => Promise.resolve({ a: [1] }),
            undefined: async () => undefined,
        };
        exports.handler = (event, context, callback) => ways[event.way](event, context, callback);
    ";
    let Some(running) = node("index.js", "index.handler", code) else { return };
    for (way, expected) in [
        ("callback", r#""called""#),
        ("nowait", r#""at once""#),
        ("done", r#""done""#),
        ("succeed", r#""succeeded""#),
        ("nothing", "null"),
        ("promise", r#"{"a":[1]}"#),
        ("undefined", "null"),
    ] {
        assert_eq!(result(&running, &format!(r#"{{"way":"{way}"}}"#)).await, expected, "{way}");
    }
    end(running).await;
}

#[tokio::test]
async fn all_ways_to_fail() {
    let code = r"
        class Custom extends Error { constructor(message) { super(message); this.name = 'Custom'; } }
        const ways = {
            throw: () => { throw new Custom('boom'); },
            reject: async () => { throw new Custom('boom'); },
            callback: (event, context, callback) => { callback(new Custom('boom')); },
            fail: (event, context) => { context.fail(new Custom('boom')); },
            uncaught: () => new Promise(() => setTimeout(() => { throw new Custom('boom'); }, 1)),
            text: () => { throw 'boom'; },
            unhandled: () => { Promise.reject(new Custom('boom')); return new Promise((done) => setTimeout(done, 5000)); },
        };
        exports.handler = (event, context, callback) => ways[event.way](event, context, callback);
    ";
    let Some(running) = node("index.js", "index.handler", code) else { return };
    for (way, kind, message) in [
        ("throw", "Custom", "boom"),
        ("reject", "Custom", "boom"),
        ("callback", "Custom", "boom"),
        ("fail", "Custom", "boom"),
        ("uncaught", "Custom", "boom"),
        ("text", "string", "boom"),
        ("unhandled", "Runtime.UnhandledPromiseRejection", "Custom: boom"),
    ] {
        let failure = error(&running, &format!(r#"{{"way":"{way}"}}"#)).await;
        assert_eq!((&failure["errorType"], &failure["errorMessage"]), (&kind.into(), &message.into()), "{way}");
        assert!(failure["trace"].is_array());
    }
    end(running).await;
}

#[tokio::test]
async fn what_cannot_be_loaded_says_so() {
    for (handler, code, kind) in [
        ("index.handler", "import 'nothing-of-this-name';", "Runtime.ImportModuleError"),
        ("index.handler", "export const handler = (", "Runtime.UserCodeSyntaxError"),
        ("index.other", "export const handler = () => {};", "Runtime.HandlerNotFound"),
        ("index.handler", "throw new TypeError('at load');", "TypeError"),
    ] {
        let Some(running) = node("index.mjs", handler, code) else { return };
        assert_eq!(error(&running, "{}").await["errorType"], kind);
        end(running).await;
    }
}
