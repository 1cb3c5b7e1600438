//! The evaluator against one that is too slow to be used and too simple to be wrong: small policies over a small universe, of which
//! every request is asked.
#![allow(clippy::unwrap_used)]

use std::borrow::Cow;

use postern_policy::{Keys, Kind, Policy, Principal, Request, Verdict};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

const ACTIONS: &[&str] = &["s:a", "s:b", "t:a"];
const RESOURCES: &[&str] = &["a:b:c:d:e:f", "a:b:c:d:e:f:g", "a:b:c:d:e:", "a:b::d:e:f/g", "ab", ""];
const ADDRESSES: &[&str] = &["10.0.0.1", "10.0.1.1", "192.0.2.1"];
const WORDS: &[&str] = &["x", "X", "xy", "1", "2.0", "true"];
const ACCOUNTS: &[&str] = &["111111111111", "222222222222"];

/// A statement of the small universe, before it is written down.
#[derive(Clone, Debug)]
struct Small {
    is_denial: bool,
    principals: Vec<usize>,
    is_not_principal: bool,
    actions: Vec<String>,
    is_not_action: bool,
    resources: Vec<String>,
    is_not_resource: bool,
    conditions: Vec<(String, &'static str, Vec<String>)>,
}

/// A request of it.
#[derive(Clone, Debug)]
struct Asked {
    caller: Option<usize>,
    action: &'static str,
    resource: &'static str,
    address: &'static str,
    words: Option<Vec<&'static str>>,
}

impl Keys for Asked {
    fn values(&self, key: &str) -> Option<Vec<Cow<'_, str>>> {
        match key {
            "aws:sourceip" => Some(vec![self.address.into()]),
            "x:words" => Some(self.words.as_ref()?.iter().map(|word| Cow::Borrowed(*word)).collect()),
            _ => None,
        }
    }
}

fn user(account: usize) -> String {
    format!("arn:aws:iam::{}:user/u", ACCOUNTS[account])
}

/// Glob by its definition: every way to split is tried. `left` is the part of the pattern before, which says the segment.
fn glob(left: &str, pattern: &[char], text: &[char], is_arn: bool) -> bool {
    let Some((first, rest)) = pattern.split_first() else { return text.is_empty() };
    let extended = format!("{left}{first}");
    let is_in_resource = left.matches(':').count() >= 5;
    let may = |character: char, ends_pattern: bool| !is_arn || is_in_resource || ends_pattern || character != ':';
    match first {
        '*' => {
            let behind = rest.iter().find(|character| **character != '*');
            (0..=text.len()).any(|len| {
                text[..len].iter().all(|character| may(*character, behind.is_none()))
                    && glob(&extended, rest, &text[len..], is_arn)
            })
        }
        '?' => {
            text.split_first().is_some_and(|(character, behind)| may(*character, false) && glob(&extended, rest, behind, is_arn))
        }
        first => {
            text.split_first().is_some_and(|(character, behind)| character == first && glob(&extended, rest, behind, is_arn))
        }
    }
}

fn matches(pattern: &str, text: &str, is_arn: bool) -> bool {
    glob("", &pattern.chars().collect::<Vec<_>>(), &text.chars().collect::<Vec<_>>(), is_arn)
}

fn in_network(address: &str, network: &str) -> bool {
    let bits = |text: &str| text.split('.').map(|part| format!("{:08b}", part.parse::<u8>().unwrap())).collect::<String>();
    let (base, prefix) = network.split_once('/').unwrap_or((network, "32"));
    let prefix: usize = prefix.parse().unwrap();
    bits(address)[..prefix] == bits(base)[..prefix]
}

fn condition_holds(operator: &str, key: &str, expected: &[String], asked: &Asked) -> bool {
    let values: Option<Vec<String>> = asked.values(key).map(|values| values.iter().map(ToString::to_string).collect());
    let (set, rest) = operator.split_once(':').map_or((None, operator), |(set, rest)| (Some(set), rest));
    let (base, if_exists) = rest.strip_suffix("IfExists").map_or((rest, false), |base| (base, true));
    if base == "Null" {
        return expected.iter().any(|text| (text == "true") == values.is_none());
    }
    let negated = base.contains("Not");
    let one = |value: &str, text: &str| match base {
        "StringEquals" | "StringNotEquals" => value == text,
        "StringEqualsIgnoreCase" => value.eq_ignore_ascii_case(text),
        "StringLike" | "StringNotLike" => matches(text, value, false),
        "IpAddress" | "NotIpAddress" => in_network(value, text),
        other => panic!("{other}"),
    };
    let satisfied = |value: &String| expected.iter().any(|text| one(value, text)) != negated;
    match (values, set) {
        (None, Some("ForAllValues")) => true,
        (None, _) if if_exists => true,
        (None, Some(_)) => false,
        (None, None) => negated,
        (Some(values), Some("ForAllValues")) => values.iter().all(satisfied),
        (Some(values), Some(_)) => values.iter().any(satisfied),
        (Some(values), None) if negated => values.iter().all(satisfied),
        (Some(values), None) => values.iter().any(satisfied),
    }
}

impl Small {
    fn json(&self) -> Value {
        let name = |is_not: bool, name: &str| if is_not { format!("Not{name}") } else { name.to_owned() };
        let mut statement = serde_json::Map::new();
        statement.insert("Effect".into(), if self.is_denial { "Deny" } else { "Allow" }.into());
        let principals: Vec<String> =
            self.principals.iter().map(|at| if at % 2 == 0 { ACCOUNTS[at / 2].to_owned() } else { user(at / 2) }).collect();
        let principals = if principals.is_empty() { json!("*") } else { json!({ "AWS": principals }) };
        statement.insert(name(self.is_not_principal, "Principal"), principals);
        statement.insert(name(self.is_not_action, "Action"), json!(self.actions));
        statement.insert(name(self.is_not_resource, "Resource"), json!(self.resources));
        let mut conditions = serde_json::Map::new();
        for (operator, key, values) in &self.conditions {
            let keys = conditions.entry(operator.clone()).or_insert_with(|| json!({}));
            keys[*key] = json!(values);
        }
        statement.insert("Condition".into(), conditions.into());
        statement.into()
    }

    /// The caller is a user, named by its account and not by itself.
    fn delegates(&self, asked: &Asked) -> bool {
        let names_user = asked.caller.is_some_and(|caller| self.principals.contains(&(caller * 2 + 1)));
        !self.is_not_principal && !self.principals.is_empty() && !names_user
    }

    fn applies(&self, asked: &Asked) -> bool {
        let names = |at: usize| self.principals.contains(&at);
        let is_named = match asked.caller {
            _ if self.principals.is_empty() => true,
            None => false,
            Some(caller) => names(caller * 2) || names(caller * 2 + 1),
        };
        let is_exempt = match asked.caller {
            _ if self.principals.is_empty() => true,
            None => false,
            Some(caller) => names(caller * 2) && names(caller * 2 + 1),
        };
        let means = match (self.is_not_principal, self.is_denial) {
            (false, _) => is_named,
            (true, true) => !is_exempt,
            (true, false) => !is_named,
        };
        let action = self.actions.iter().any(|pattern| matches(&pattern.to_lowercase(), asked.action, false));
        let resource = self.resources.iter().any(|pattern| matches(pattern, asked.resource, true));
        // Of two conditions with one operator and key the last one stands in the document.
        let last = |at: usize| {
            let (operator, key, _) = &self.conditions[at];
            !self.conditions[at + 1..].iter().any(|(later, later_key, _)| later == operator && later_key == key)
        };
        let conditions = self.conditions.iter().enumerate().filter(|(at, _)| last(*at));
        means && action != self.is_not_action && resource != self.is_not_resource && { conditions }
            .all(|(_, (operator, key, values))| condition_holds(operator, key, values, asked))
    }
}

fn conditions() -> impl Strategy<Value = (String, &'static str, Vec<String>)> {
    let texts = |from: &'static [&'static str]| vec(select(from).prop_map(str::to_owned), 1..3);
    let strings = &["StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringLike", "StringNotLike"];
    let words = (
        select(&["", "ForAllValues:", "ForAnyValue:"][..]),
        select(&strings[..]),
        select(&["", "IfExists"][..]),
        texts(&["x", "X", "x*", "?", "*y", "2.0", "true"]),
    )
        .prop_map(|(set, operator, suffix, values)| (format!("{set}{operator}{suffix}"), "x:words", values));
    let addresses =
        (select(&["IpAddress", "NotIpAddress"][..]), texts(&["10.0.0.0/16", "10.0.0.0/24", "192.0.2.1", "0.0.0.0/0"]))
            .prop_map(|(operator, values)| (operator.to_owned(), "aws:sourceip", values));
    let missing = texts(&["true", "false"]).prop_map(|values| ("Null".to_owned(), "x:words", values));
    prop_oneof![4 => words, 2 => addresses, 1 => missing]
}

fn statements() -> impl Strategy<Value = Small> {
    let actions = vec(select(&["*", "s:*", "S:A", "?:a", "*:b", "t:a*"][..]).prop_map(str::to_owned), 1..3);
    let resources = vec("[ab:*?/f]{1,7}|a:b:[*?c]{1,2}:d:e:[f*/]{1,3}|\\*|a:\\*:e:f", 1..3);
    let booleans = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    (booleans, vec(0..4_usize, 0..3), actions, resources, vec(conditions(), 0..3)).prop_map(
        |((is_denial, is_not_principal, is_not_action, is_not_resource), principals, actions, resources, conditions)| Small {
            is_denial,
            principals,
            is_not_principal,
            actions,
            is_not_action,
            resources,
            is_not_resource,
            conditions,
        },
    )
}

/// Every request that there is.
fn universe() -> Vec<Asked> {
    let mut all = Vec::new();
    let mut words: Vec<Option<Vec<&'static str>>> = vec![None, Some(vec!["x", "xy"]), Some(vec!["X", "1"])];
    words.extend(WORDS.iter().map(|word| Some(vec![*word])));
    for caller in [None, Some(0), Some(1)] {
        for action in ACTIONS {
            for resource in RESOURCES {
                for address in ADDRESSES {
                    for words in &words {
                        all.push(Asked { caller, action, resource, address, words: words.clone() });
                    }
                }
            }
        }
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn every_request_of_a_small_universe_gets_the_oracles_verdict(statements in vec(statements(), 1..4)) {
        let text = json!({ "Version": "2012-10-17", "Statement": statements.iter().map(Small::json).collect::<Vec<_>>() }).to_string();
        let policy = Policy::parse(&text, Kind::Resource).unwrap();
        for asked in universe() {
            let applying: Vec<_> = statements.iter().filter(|statement| statement.applies(&asked)).collect();
            let expected = match applying.iter().any(|statement| statement.is_denial) {
                true => Verdict::Deny,
                false if applying.is_empty() => Verdict::Silent,
                false if applying.iter().all(|statement| statement.delegates(&asked)) => Verdict::Delegated,
                false => Verdict::Allow,
            };
            let arn = asked.caller.map(user);
            let principal = match (asked.caller, &arn) {
                (Some(caller), Some(arn)) => Principal::Aws { account: ACCOUNTS[caller], arn, role_arn: None },
                _ => Principal::Anonymous,
            };
            let request = Request { principal, action: asked.action, resource: asked.resource, keys: &asked };
            prop_assert_eq!(policy.verdict(&request), expected, "{:?}\n{}", asked, text);
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in ".{0,300}") {
        let _ = Policy::parse(&text, Kind::Resource);
        let statement = json!({ "Effect": "Allow", "Principal": { "AWS": text }, "Action": text, "Resource": text,
            "Condition": { "StringLike": { "a": text }, "IpAddress": { "b": text }, "DateLessThan": { "c": text } } });
        let _ = Policy::parse(&json!({ "Version": "2012-10-17", "Statement": statement }).to_string(), Kind::Resource);
    }
}
