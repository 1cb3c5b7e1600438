//! The ARNs by which policies speak of a Lambda function that a caller named in one of Lambda's ways.

use crate::scope::Scope;

/// Parts of a function's ARN up to its name; what follows is a qualifier.
const ARN_PARTS: usize = 7;

/// A function as policies name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionArn {
    /// With its qualifier, if it was named with one.
    pub arn: String,
    /// Without it.
    pub unqualified: String,
}

impl FunctionArn {
    /// Of `name:qualifier`, `account:function:name`, `function:name` or an ARN (AWS docs, "Invoke", `FunctionName`), in the scope of
    /// whoever names it.
    pub fn of(name: &str, scope: &Scope) -> Self {
        let Scope { account, region } = scope;
        let partition = scope.partition();
        let arn = match name.split(':').collect::<Vec<_>>()[..] {
            ["arn", ..] => name.to_owned(),
            [owner, "function", ..] => format!("arn:{partition}:lambda:{region}:{owner}:{}", &name[owner.len() + 1..]),
            ["function", ..] => format!("arn:{partition}:lambda:{region}:{account}:{name}"),
            _ => format!("arn:{partition}:lambda:{region}:{account}:function:{name}"),
        };
        let unqualified = arn.split(':').take(ARN_PARTS).collect::<Vec<_>>().join(":");
        Self { arn, unqualified }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_name() {
        let scope = Scope { account: "000000000000".into(), region: "eu-west-1".into() };
        let hello = "arn:aws:lambda:eu-west-1:000000000000:function:hello";
        for (name, qualifier) in [
            ("hello", ""),
            ("hello:live", ":live"),
            ("function:hello:7", ":7"),
            ("000000000000:function:hello", ""),
            (hello, ""),
            ("arn:aws:lambda:eu-west-1:000000000000:function:hello:live", ":live"),
        ] {
            let expected = FunctionArn { arn: format!("{hello}{qualifier}"), unqualified: hello.to_owned() };
            assert_eq!(FunctionArn::of(name, &scope), expected, "{name}");
        }
    }
}
