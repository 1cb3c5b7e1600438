//! Renders templates on command, for `cargo xtask bench`, which gives the same commands to Apache Velocity.
//!
//! Arguments: a file with a JSON object whose members become variables, then template files. Each line of standard input is a
//! command, answered by a line `ok`: `show INDEX FILE` writes the output of a template to a file, `run INDEX COUNT` renders it that
//! often, making the variables that it names out of parsed JSON each time. `make INDEX COUNT` makes those variables alone.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a tool of the bench")]

use std::hint::black_box;
use std::{env, fs, io};

use postern_velocity::{Heap, ListStyle, Number, Options, Template, Value};
use serde_json::Value as Json;

fn main() {
    // `cargo test --benches` runs it without any.
    let mut arguments = env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let Some(variables) = arguments.next() else { return };
    let variables: Json = serde_json::from_str(&fs::read_to_string(variables).unwrap()).unwrap();
    let options = Options::api_gateway();
    let parse = |path: String| Template::parse(&fs::read_to_string(path).unwrap(), &options).unwrap();
    let templates: Vec<Template> = arguments.map(parse).collect();
    for line in io::stdin().lines().map_while(Result::ok) {
        let words: Vec<&str> = line.splitn(3, ' ').collect();
        let template = &templates[words[1].parse::<usize>().unwrap()];
        match words[0] {
            "show" => fs::write(words[2], render(template, &options, &variables)).unwrap(),
            "run" => repeat(words[2], || render(template, &options, &variables)),
            _ => repeat(words[2], || {
                let mut heap = Heap::new(&options.limits);
                let made = made(&mut heap, template, &variables);
                (heap, made.len())
            }),
        }
        println!("ok");
    }
}

fn repeat<T>(count: &str, render: impl Fn() -> T) {
    (0..count.parse().unwrap()).for_each(|_: u64| drop(black_box(render())));
}

fn render(template: &Template, options: &Options, variables: &Json) -> String {
    let mut heap = Heap::new(&options.limits);
    let made = made(&mut heap, template, variables);
    template.render(&mut heap, made).unwrap()
}

/// The variables that the template names.
fn made<'v>(heap: &mut Heap, template: &Template, variables: &'v Json) -> Vec<(&'v str, Value)> {
    let used = variables.as_object().unwrap().iter().filter(|(name, _)| template.uses(name));
    used.map(|(name, json)| (name.as_str(), value(heap, json))).collect()
}

fn value(heap: &mut Heap, json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => match number.as_i64() {
            Some(integer) => Value::integer(integer),
            None => Value::Number(Number::parse_json(&number.to_string()).unwrap()),
        },
        Json::String(text) => Value::text(text.as_str()),
        Json::Array(items) => {
            let items = items.iter().map(|item| value(heap, item)).collect();
            heap.list(items, ListStyle::Json)
        }
        Json::Object(members) => {
            let members: Vec<_> = members.iter().map(|(name, member)| (name.as_str(), value(heap, member))).collect();
            heap.map(members)
        }
    }
}
