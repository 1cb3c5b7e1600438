//! What two policies mean together: the caller's own, and the one of the resource (API Gateway's guide, "How API Gateway resource
//! policies affect authorization workflow", tables A and B).

use crate::Verdict;

/// What comes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The request may go on.
    Allowed,
    /// Nothing allows it.
    ImplicitlyDenied,
    /// A statement forbids it.
    ExplicitlyDenied,
}

/// Caller and resource belong to one account: either policy may allow.
pub fn same_account(caller: Verdict, resource: Verdict) -> Outcome {
    match (caller, resource) {
        (Verdict::Deny, _) | (_, Verdict::Deny) => Outcome::ExplicitlyDenied,
        (Verdict::Allow, _) | (_, Verdict::Allow) => Outcome::Allowed,
        (Verdict::Silent, Verdict::Silent) => Outcome::ImplicitlyDenied,
    }
}

/// They belong to two: both policies must allow.
pub fn cross_account(caller: Verdict, resource: Verdict) -> Outcome {
    match (caller, resource) {
        (Verdict::Deny, _) | (_, Verdict::Deny) => Outcome::ExplicitlyDenied,
        (Verdict::Allow, Verdict::Allow) => Outcome::Allowed,
        (Verdict::Silent, _) | (_, Verdict::Silent) => Outcome::ImplicitlyDenied,
    }
}

/// The resource's policy decides alone.
pub fn alone(resource: Verdict) -> Outcome {
    same_account(Verdict::Silent, resource)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Verdict::{Allow, Deny, Silent};

    #[test]
    fn the_tables() {
        for (caller, resource, same, cross) in [
            (Allow, Allow, Outcome::Allowed, Outcome::Allowed),
            (Allow, Silent, Outcome::Allowed, Outcome::ImplicitlyDenied),
            (Allow, Deny, Outcome::ExplicitlyDenied, Outcome::ExplicitlyDenied),
            (Silent, Allow, Outcome::Allowed, Outcome::ImplicitlyDenied),
            (Silent, Silent, Outcome::ImplicitlyDenied, Outcome::ImplicitlyDenied),
            (Silent, Deny, Outcome::ExplicitlyDenied, Outcome::ExplicitlyDenied),
            (Deny, Allow, Outcome::ExplicitlyDenied, Outcome::ExplicitlyDenied),
            (Deny, Silent, Outcome::ExplicitlyDenied, Outcome::ExplicitlyDenied),
            (Deny, Deny, Outcome::ExplicitlyDenied, Outcome::ExplicitlyDenied),
        ] {
            assert_eq!(same_account(caller, resource), same, "{caller:?} {resource:?}");
            assert_eq!(cross_account(caller, resource), cross, "{caller:?} {resource:?}");
        }
        assert_eq!([Allow, Silent, Deny].map(alone), [Outcome::Allowed, Outcome::ImplicitlyDenied, Outcome::ExplicitlyDenied]);
    }
}
