//! What a caller may call a function: `name`, `name:qualifier`, `{account}:function:name`, a full ARN, each with or without a qualifier.
//!
//! A qualifier is `$LATEST`, a version or an alias. Here all of them are the one function in its directory; what was asked for stays in
//! the ARN that the function is told.

use postern_api_model::scope::Scope;

/// The version that runs when no number is asked for.
pub const LATEST: &str = "$LATEST";

/// A function, as a caller named it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionName {
    partition: String,
    region: String,
    account: String,
    /// The name alone.
    pub name: String,
    /// `$LATEST`, a version or an alias.
    pub qualifier: Option<String>,
}

impl FunctionName {
    /// Reads any of the forms; what a form leaves out is the default's.
    pub fn parse(text: &str, default: &Scope) -> Option<Self> {
        let parts: Vec<&str> = text.split(':').collect();
        let (partition, region, account, rest) = match parts[..] {
            ["arn", partition, "lambda", region, account, "function", ref rest @ ..] => (partition, region, account, rest),
            [account, "function", ref rest @ ..] => (default.partition(), default.region.as_str(), account, rest),
            ["function", ref rest @ ..] if !rest.is_empty() => {
                (default.partition(), default.region.as_str(), default.account.as_str(), rest)
            }
            ref rest => (default.partition(), default.region.as_str(), default.account.as_str(), rest),
        };
        let (name, qualifier) = match *rest {
            [name] => (name, None),
            [name, qualifier] => (name, Some(qualifier)),
            _ => return None,
        };
        let fits = is_name(name)
            && qualifier.is_none_or(is_qualifier)
            && account.len() == 12
            && account.bytes().all(|byte| byte.is_ascii_digit())
            && is_region(region)
            // Another function than the one here that has its name.
            && partition == Scope { account: String::new(), region: region.to_owned() }.partition();
        fits.then(|| Self {
            partition: partition.to_owned(),
            region: region.to_owned(),
            account: account.to_owned(),
            name: name.to_owned(),
            qualifier: qualifier.map(str::to_owned),
        })
    }

    /// With this qualifier, if it can be one. The Invoke API takes it as a query parameter too.
    pub fn or_qualified(mut self, qualifier: &str) -> Option<Self> {
        self.qualifier = Some(qualifier.to_owned());
        is_qualifier(qualifier).then_some(self)
    }

    /// The account and region that it names.
    pub fn scope(&self) -> Scope {
        Scope { account: self.account.clone(), region: self.region.clone() }
    }

    /// The ARN without the qualifier.
    pub fn unqualified_arn(&self) -> String {
        format!("arn:{}:lambda:{}:{}:function:{}", self.partition, self.region, self.account, self.name)
    }

    /// The ARN with the qualifier, if there is one.
    pub fn arn(&self) -> String {
        let arn = self.unqualified_arn();
        self.qualifier.as_ref().map_or_else(|| arn.clone(), |qualifier| format!("{arn}:{qualifier}"))
    }

    /// What `X-Amz-Executed-Version` says: a version that was asked for by its number, else [`LATEST`].
    pub fn version(&self) -> &str {
        match &self.qualifier {
            Some(number) if number.bytes().all(|byte| byte.is_ascii_digit()) => number,
            _ => LATEST,
        }
    }
}

/// Longer than any name of AWS (64, and 128 for an alias).
const NAME_BYTES_MAX: usize = 140;

fn is_qualifier(text: &str) -> bool {
    text == LATEST || is_name(text)
}

/// No region is known in advance, but none has capitals or underscores.
fn is_region(text: &str) -> bool {
    is_name(text)
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= NAME_BYTES_MAX
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn parse(text: &str) -> Option<FunctionName> {
        FunctionName::parse(text, &Scope { account: "000000000000".to_owned(), region: "eu-west-1".to_owned() })
    }

    #[test]
    fn all_forms_name_one_function() {
        for (text, arn) in [
            ("hello", "arn:aws:lambda:eu-west-1:000000000000:function:hello"),
            ("hello:live", "arn:aws:lambda:eu-west-1:000000000000:function:hello:live"),
            ("function:hello", "arn:aws:lambda:eu-west-1:000000000000:function:hello"),
            ("123456789012:function:hello", "arn:aws:lambda:eu-west-1:123456789012:function:hello"),
            ("123456789012:function:hello:7", "arn:aws:lambda:eu-west-1:123456789012:function:hello:7"),
            (
                "arn:aws-cn:lambda:cn-north-1:123456789012:function:hello:$LATEST",
                "arn:aws-cn:lambda:cn-north-1:123456789012:function:hello:$LATEST",
            ),
        ] {
            assert_eq!(parse(text).unwrap().arn(), arn);
        }
    }

    #[test]
    fn what_names_no_function() {
        for text in [
            "",
            ":",
            "a b",
            "a/../b",
            "a:b:c",
            "hello:",
            "1234:function:hello",
            "arn:aws:lambda:eu-west-1:123456789012:layer:hello",
            "arn:aws:sqs:eu-west-1:123456789012:function:hello",
            "arn:aws:lambda::123456789012:function:hello",
            "arn:aws-cn:lambda:us-east-1:123456789012:function:hello",
            "arn:aws:lambda:cn-north-1:123456789012:function:hello",
            "arn:aws:lambda:us-gov-west-1:123456789012:function:hello",
            "arn:elsewhere:lambda:us-east-1:123456789012:function:hello",
            "arn:aws:lambda:US-EAST-1:123456789012:function:hello",
            "arn:aws:lambda:us_east_1:123456789012:function:hello",
            "arn:aws:lambda:-:123456789012:function:hello",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn only_a_number_is_a_version() {
        assert_eq!(parse("hello:7").unwrap().version(), "7");
        assert_eq!(parse("hello:live").unwrap().version(), LATEST);
        assert_eq!(parse("hello").unwrap().or_qualified("a b"), None);
        assert_eq!(parse("hello").unwrap().or_qualified("9").unwrap().version(), "9");
    }
}
