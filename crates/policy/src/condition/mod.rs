//! Conditions: an operator, a key, and the values that the key's are compared with.
//!
//! Of several values that a statement gives, one must match; with a negated operator none may. Of several that a request has, the
//! quantifier says how many must: `ForAllValues` all, `ForAnyValue` one. Without one AWS expects a single value; of several, one
//! is enough, and with a negated operator none may match (IAM user guide, "IAM JSON policy elements: Condition").

mod operator;

use std::borrow::Cow;

use crate::document::Version;
use crate::evaluate::Keys;
use crate::json::Json;
use operator::{Comparison, Expected};

/// One key of one operator.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Condition {
    /// In lower case.
    key: String,
    test: Test,
}

#[derive(Clone, Debug, PartialEq)]
enum Test {
    /// `Null`: whether the key has no value.
    Missing {
        expected: Vec<bool>,
    },
    Compared {
        quantifier: Quantifier,
        sign: Sign,
        missing: Missing,
        expected: Vec<Expected>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quantifier {
    None,
    ForAllValues,
    ForAnyValue,
}

/// Whether the values are to match or not to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
    Positive,
    Negated,
}

/// What holds of a request that lacks the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Missing {
    /// A negated operator is satisfied, another is not.
    BySign,
    /// `...IfExists`: it is satisfied.
    Satisfied,
}

impl Condition {
    /// Reads a statement's `Condition`.
    pub(crate) fn read_all(json: &Json, version: Version) -> Result<Vec<Self>, String> {
        let Json::Object(operators) = json else { return Err("a condition is no object".to_owned()) };
        let mut conditions = Vec::new();
        for (operator, keys) in operators {
            let Json::Object(keys) = keys else { return Err(format!("the condition {operator} is no object")) };
            for (key, values) in keys {
                conditions.push(Self::read(operator, key, values, version)?);
            }
        }
        Ok(conditions)
    }

    fn read(operator: &str, key: &str, values: &Json, version: Version) -> Result<Self, String> {
        if key.is_empty() {
            return Err(format!("the condition {operator} has an empty key"));
        }
        let texts: Option<Vec<String>> = values.one_or_many().iter().map(Json::scalar).collect();
        let texts = texts.ok_or_else(|| format!("the condition {operator} of {key} has a value that is none"))?;
        Ok(Self { key: key.to_ascii_lowercase(), test: Test::read(operator, &texts, version)? })
    }

    /// About how much work it is, in tokens of patterns.
    pub(crate) fn work(&self) -> usize {
        match &self.test {
            Test::Missing { expected } => expected.len(),
            Test::Compared { expected, .. } => expected.iter().map(Expected::work).sum(),
        }
    }

    /// Whether a request satisfies it.
    pub(crate) fn holds(&self, keys: &dyn Keys) -> bool {
        let values = keys.values(&self.key).filter(|values| !values.is_empty());
        match &self.test {
            Test::Missing { expected } => expected.contains(&values.is_none()),
            Test::Compared { quantifier, sign, missing, expected } => match values {
                Some(values) => compared(*quantifier, *sign, expected, &values, keys),
                // Documented: a set operator over no values is true for all and false for any.
                None => match (quantifier, missing, sign) {
                    (Quantifier::ForAllValues, ..) | (_, Missing::Satisfied, _) => true,
                    (Quantifier::ForAnyValue, ..) => false,
                    (Quantifier::None, Missing::BySign, sign) => *sign == Sign::Negated,
                },
            },
        }
    }
}

fn compared(quantifier: Quantifier, sign: Sign, expected: &[Expected], values: &[Cow<'_, str>], keys: &dyn Keys) -> bool {
    let satisfies = |value: &Cow<'_, str>| {
        let matches = expected.iter().any(|expected| expected.matches(value, keys));
        // What cannot be read as what it is compared as satisfies nothing: neither sign may let it pass.
        let is_comparable = expected.iter().all(|expected| expected.can_read(value));
        is_comparable && (matches == (sign == Sign::Positive))
    };
    match (quantifier, sign) {
        (Quantifier::ForAnyValue, _) | (Quantifier::None, Sign::Positive) => values.iter().any(satisfies),
        (Quantifier::ForAllValues, _) | (Quantifier::None, Sign::Negated) => values.iter().all(satisfies),
    }
}

impl Test {
    fn read(operator: &str, texts: &[String], version: Version) -> Result<Self, String> {
        let unknown = || format!("there is no condition operator {operator}");
        let (quantifier, rest) = match operator.split_once(':') {
            Some(("ForAllValues", rest)) => (Quantifier::ForAllValues, rest),
            Some(("ForAnyValue", rest)) => (Quantifier::ForAnyValue, rest),
            Some(_) => return Err(unknown()),
            None => (Quantifier::None, operator),
        };
        if rest == "Null" {
            let switch = |text: &String| text.to_ascii_lowercase().parse().map_err(|_| format!("{operator} takes true or false"));
            return match quantifier {
                Quantifier::None => Ok(Self::Missing { expected: texts.iter().map(switch).collect::<Result<_, _>>()? }),
                Quantifier::ForAllValues | Quantifier::ForAnyValue => Err(unknown()),
            };
        }
        let (rest, missing) = match rest.strip_suffix("IfExists") {
            Some(rest) => (rest, Missing::Satisfied),
            None => (rest, Missing::BySign),
        };
        let (comparison, sign) = named(rest).ok_or_else(unknown)?;
        let expected = texts.iter().map(|text| {
            Expected::read(comparison, text, version).ok_or_else(|| format!("{operator} cannot compare anything with {text:?}"))
        });
        Ok(Self::Compared { quantifier, sign, missing, expected: expected.collect::<Result<_, _>>()? })
    }
}

/// All operators there are.
fn named(operator: &str) -> Option<(Comparison, Sign)> {
    use Comparison::{ArnLike, BinaryEquals, Bool, Date, IpAddress, Numeric, StringEquals, StringEqualsIgnoreCase, StringLike};
    use operator::Order::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual};
    Some(match operator {
        "StringEquals" => (StringEquals, Sign::Positive),
        "StringNotEquals" => (StringEquals, Sign::Negated),
        "StringEqualsIgnoreCase" => (StringEqualsIgnoreCase, Sign::Positive),
        "StringNotEqualsIgnoreCase" => (StringEqualsIgnoreCase, Sign::Negated),
        "StringLike" => (StringLike, Sign::Positive),
        "StringNotLike" => (StringLike, Sign::Negated),
        "NumericEquals" => (Numeric(Equal), Sign::Positive),
        "NumericNotEquals" => (Numeric(Equal), Sign::Negated),
        "NumericLessThan" => (Numeric(Less), Sign::Positive),
        "NumericLessThanEquals" => (Numeric(LessOrEqual), Sign::Positive),
        "NumericGreaterThan" => (Numeric(Greater), Sign::Positive),
        "NumericGreaterThanEquals" => (Numeric(GreaterOrEqual), Sign::Positive),
        "DateEquals" => (Date(Equal), Sign::Positive),
        "DateNotEquals" => (Date(Equal), Sign::Negated),
        "DateLessThan" => (Date(Less), Sign::Positive),
        "DateLessThanEquals" => (Date(LessOrEqual), Sign::Positive),
        "DateGreaterThan" => (Date(Greater), Sign::Positive),
        "DateGreaterThanEquals" => (Date(GreaterOrEqual), Sign::Positive),
        "Bool" => (Bool, Sign::Positive),
        "BinaryEquals" => (BinaryEquals, Sign::Positive),
        "IpAddress" => (IpAddress, Sign::Positive),
        "NotIpAddress" => (IpAddress, Sign::Negated),
        // Documented: the two are the same.
        "ArnEquals" | "ArnLike" => (ArnLike, Sign::Positive),
        "ArnNotEquals" | "ArnNotLike" => (ArnLike, Sign::Negated),
        _ => return None,
    })
}
