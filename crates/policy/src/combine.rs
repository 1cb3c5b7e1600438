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
        // In its own account a caller is allowed by name, or by its own policy.
        (Verdict::Silent | Verdict::Delegated, Verdict::Silent | Verdict::Delegated) => Outcome::ImplicitlyDenied,
    }
}

/// They belong to two: both policies must allow.
pub fn cross_account(caller: Verdict, resource: Verdict) -> Outcome {
    match (caller, resource) {
        (Verdict::Deny, _) | (_, Verdict::Deny) => Outcome::ExplicitlyDenied,
        (Verdict::Allow, Verdict::Allow | Verdict::Delegated) => Outcome::Allowed,
        (Verdict::Silent | Verdict::Delegated, _) | (_, Verdict::Silent) => Outcome::ImplicitlyDenied,
    }
}

/// The resource's policy decides alone.
pub fn alone(resource: Verdict) -> Outcome {
    same_account(Verdict::Silent, resource)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Verdict::{Allow, Delegated, Deny, Silent};

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
            (Allow, Delegated, Outcome::Allowed, Outcome::Allowed),
            (Silent, Delegated, Outcome::ImplicitlyDenied, Outcome::ImplicitlyDenied),
            (Deny, Delegated, Outcome::ExplicitlyDenied, Outcome::ExplicitlyDenied),
        ] {
            assert_eq!(same_account(caller, resource), same, "{caller:?} {resource:?}");
            assert_eq!(cross_account(caller, resource), cross, "{caller:?} {resource:?}");
        }
        assert_eq!([Allow, Silent, Deny].map(alone), [Outcome::Allowed, Outcome::ImplicitlyDenied, Outcome::ExplicitlyDenied]);
    }
}
