//! Definitions that try to write code. The sources must still be sources, and nothing of the attack may run when they are loaded.

use super::*;

/// Ends of strings, comments, docstrings, interpolations and places of templates, each followed by code that leaves a mark.
const ATTACKS: &[&str] = &[
    "\"; globalThis.pwned = 1; \"",
    "*/ globalThis.pwned = 1; /*",
    "\n    globalThis.pwned = 1;\n",
    "${globalThis.pwned = 1}",
    "\u{2028}globalThis.pwned = 1\u{2029}",
    "</script><script>globalThis.pwned = 1</script>",
    "\"\"\"\nimport builtins; builtins.pwned = 1\n\"\"\"",
    "\", __import__('builtins').__setattr__('pwned', 1), \"",
    "#{$pwned = 1}",
    "\n$pwned = 1\n",
    "\n=end\n$pwned = 1\n=begin\n",
    "\\u0022; static { System.exit(7); } String s = \\u0022",
    "\\u002a\\u002f static { System.exit(7); } \\u002f\\u002a",
    "\\",
    "\\\"",
    "{{methods}}",
    "]]>",
    "coding: utf-7",
    "\u{202e}evil",
    "ünï/cödé 日本",
    "",
];

/// Names that mean something to one language or another, or that differ only in case.
const NAMES: &[&str] = &[
    "class",
    "new",
    "initialize",
    "__init__",
    "__proto__",
    "constructor",
    "getClass",
    "wait",
    "notify",
    "self",
    "None",
    "True",
    "def",
    "end",
    "send",
    "hash",
    "body",
    "headers",
    "query",
    "http_method",
    "path",
    "value",
    "values",
    "type",
    "Api",
    "Http",
    "petClient",
    "PETS",
    "pets",
    "Pets",
    "1st",
    "_",
    "-",
    "object",
    "string",
    "Builder",
    "String",
    "Override",
    "call",
    "pairs",
    "runtime",
    "request",
    "check",
    "builder",
    "shutdown",
    "execute",
    "Record",
];

fn hostile() -> Draft {
    let mut draft = Draft::new(&ATTACKS.concat());
    for (index, text) in ATTACKS.iter().chain(NAMES).enumerate() {
        let declare = |method: &mut Method| {
            for location in ["querystring", "header"] {
                method.request_parameters.insert(format!("method.request.{location}.{text}"), index % 2 == 0);
            }
            method.authorization_type = format!("CUSTOM{text}");
            method.request_models.insert("application/json".into(), (*text).into());
        };
        let named = |method: &mut Method| method.operation_name = Some((*text).to_owned());
        let variable = format!("{{{text}}}");
        let literal = if text.is_empty() { "empty" } else { text };
        draft = draft
            .model(text, json!({"properties": {*text: {"enum": [text]}}}))
            .method("POST", &[literal, &variable], declare)
            .method("GET", &[literal, &variable], named)
            .method(text, &[literal], |_| {});
    }
    // A parameter of everything.
    draft.method("PUT", &["all"], |method| {
        for text in NAMES {
            method.request_parameters.insert(format!("method.request.querystring.{text}"), false);
        }
    })
}

#[test]
fn javascript_loads_and_nothing_else_happens() {
    if !has("node") {
        return;
    }
    let client = hostile().client("http://127.0.0.1:1/\"+x+\"");
    let unpacked = Unpacked::new(&generated(&client, "javascript"));
    let script = "const client = require('./apigClient.js').newClient({invokeUrl: 'http://a'});
        if (globalThis.pwned !== undefined) { throw new Error('code ran'); }
        console.log(Object.keys(client).length);";
    let file = unpacked.write("apiGateway-js-sdk/test.js", script);
    let count = must(Command::new("node").arg(file));
    assert_eq!(count.trim(), client.methods.len().to_string(), "every method has a name of its own");
}

#[test]
fn python_loads_and_nothing_else_happens() {
    if !has("python3") {
        return;
    }
    let client = hostile().client("http://127.0.0.1:1");
    let unpacked = Unpacked::new(&generated(&client, "python"));
    let script = "import builtins, apig_client
assert not hasattr(builtins, 'pwned'), 'code ran'
runtime = {'_call'}
print(len([name for name in vars(apig_client.Client) if not name.startswith('__') and name not in runtime]))";
    let file = unpacked.write("apiGateway-python-sdk/test.py", script);
    let count = must(Command::new("python3").args(["-B", "-W", "error"]).arg(file));
    assert_eq!(count.trim(), client.methods.len().to_string(), "every method has a name of its own");
}

#[test]
fn java_compiles_and_nothing_else_happens() {
    if !has("javac") {
        return;
    }
    let client = hostile().client("http://127.0.0.1:1");
    let unpacked = Unpacked::new(&generated(&client, "java"));
    let requests: String = walk(&unpacked.path("generated-code/src/main/java/com/example/pets/model"));
    assert_eq!(requests.lines().count(), client.methods.len(), "every request has a class of its own");
    let main = format!(
        "public class Main {{ public static void main(String[] none) throws Exception {{
            com.example.pets.PetClient.builder().build();
            for (String name : new String[] {{{}}}) {{ Class.forName(\"com.example.pets.model.\" + name); }} }} }}",
        requests.lines().map(|name| format!("\"{}\"", name.trim_end_matches(".java"))).collect::<Vec<_>>().join(", ")
    );
    unpacked.write("Main.java", &main);
    unpacked.compile_java();
    must(Command::new("java").arg("-cp").arg(unpacked.path("classes")).arg("Main"));
}

/// The names in a directory, one per line.
fn walk(dir: &Path) -> String {
    let mut found = Vec::new();
    collect(dir, "java", &mut found);
    found.iter().map(|path| format!("{}\n", path.file_name().unwrap().to_str().unwrap())).collect()
}

#[test]
fn ruby_loads_and_nothing_else_happens() {
    if !has("ruby") {
        return;
    }
    let client = hostile().client("http://127.0.0.1:1");
    let unpacked = Unpacked::new(&generated(&client, "ruby"));
    let script = "require 'pet-sdk'
client = Pet::Client.new
raise 'code ran' unless $pwned.nil?
puts client.operation_names.uniq.length
raise 'missing' unless client.operation_names.all? { |name| Pet::Client.method_defined?(name, false) }";
    let file = unpacked.write("test.rb", script);
    let count = must(Command::new("ruby").arg("-I").arg(unpacked.path("pet-sdk/lib")).arg(file));
    assert_eq!(count.trim(), client.methods.len().to_string(), "every method has a name of its own");
}

#[test]
fn names_in_the_archive_stay_inside_it() {
    let client = hostile().client("http://127.0.0.1:1");
    for kind in KINDS.iter().filter(|kind| kind.language.is_some()) {
        let mut seen = std::collections::BTreeSet::new();
        for file in generated(&client, kind.id) {
            assert!(file.path.split('/').all(|part| !part.is_empty() && part != ".." && part.len() < 200), "{}", file.path);
            assert!(file.path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte)), "{}", file.path);
            assert!(seen.insert(file.path.to_ascii_lowercase()), "{} is there twice", file.path);
        }
    }
}
