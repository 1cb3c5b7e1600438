//! What a verified token claims.

use serde_json::{Map, Value};

use super::check::Refused;
use crate::clock::EpochMillis;

/// Claims that are shown as dates (seen in events of the service).
const DATES: [&str; 2] = ["exp", "iat"];
/// The last second of the year 9999: a later date is a mistake, and none of `Date`'s.
const LAST_SECOND: f64 = 253_402_300_799.0;

/// The claims of a token that its issuer signed. Made by verification alone.
#[derive(Debug)]
pub(crate) struct Claims(Map<String, Value>);

/// The dates that are looked at besides `exp` and `nbf`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum IssuedAt {
    /// JWT authorizers: a token from the future is refused (AWS docs, "Control access to REST APIs with JWT authorizers").
    Checked,
    /// User pools: nothing is said of it.
    Ignored,
}

/// What time it is, and by how much the clock of an issuer may differ from ours.
#[derive(Clone, Copy, Debug)]
pub(super) struct Now {
    pub(super) seconds: u64,
    pub(super) skew_seconds: f64,
}

impl Claims {
    /// For the one place that verifies.
    pub(super) fn of_a_verified_token(claims: Map<String, Value>) -> Self {
        Self(claims)
    }

    /// A claim that is text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// The values of a claim that is text or a list of texts; nothing of one that is anything else.
    pub(super) fn texts(&self, name: &str) -> Vec<&str> {
        match self.0.get(name) {
            Some(Value::String(text)) => vec![text],
            Some(Value::Array(list)) => list.iter().map(Value::as_str).collect::<Option<_>>().unwrap_or_default(),
            _ => Vec::new(),
        }
    }

    /// Whether one of the scopes is among `wanted`. Scopes stand in `scope` or `scp`, as a list or with spaces between.
    pub(super) fn has_scope_of(&self, wanted: &[Box<str>]) -> bool {
        let claimed = [self.texts("scope"), self.texts("scp")].concat();
        claimed.iter().flat_map(|text| text.split(' ')).any(|scope| wanted.iter().any(|wanted| **wanted == *scope))
    }

    /// Refuses a token before and after its time. One without an end has none.
    pub(super) fn check_dates(&self, now: Now, issued_at: IssuedAt) -> Result<(), Refused> {
        let (seconds, skew) = (now.seconds as f64, now.skew_seconds);
        let not_after_now = |name: &str| match self.date(name)? {
            Some(date) if date > seconds + skew => Err(Refused::invalid(format!("its `{name}` is in the future"))),
            _ => Ok(()),
        };
        let end = self.date("exp")?.ok_or_else(|| Refused::invalid("it has no `exp`"))?;
        if end + skew <= seconds {
            return Err(Refused::Expired);
        }
        not_after_now("nbf")?;
        match issued_at {
            IssuedAt::Checked => not_after_now("iat"),
            IssuedAt::Ignored => Ok(()),
        }
    }

    fn date(&self, name: &str) -> Result<Option<f64>, Refused> {
        let Some(value) = self.0.get(name) else { return Ok(None) };
        let date = value.as_f64().filter(|date| (0.0..=LAST_SECOND).contains(date));
        date.map(Some).ok_or_else(|| Refused::invalid(format!("its `{name}` is no date")))
    }

    /// All of them as text, as `$context.authorizer.claims` has them: lists with commas between, `exp` and `iat` as Java prints a date
    /// (both seen in events of the service), everything else as JSON writes it.
    pub(crate) fn as_text(&self) -> Vec<(String, String)> {
        let shown = |(name, value): (&String, &Value)| {
            let date = value.as_u64().filter(|_| DATES.contains(&name.as_str()));
            let text = match date.and_then(|seconds| seconds.checked_mul(1000)) {
                Some(millis) => EpochMillis(millis).execution_log_time(),
                None => shown(value),
            };
            (name.clone(), text)
        };
        self.0.iter().map(shown).collect()
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(list) => list.iter().map(shown).collect::<Vec<_>>().join(","),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    fn claims(value: Value) -> Claims {
        let Value::Object(claims) = value else { panic!("{value}") };
        Claims(claims)
    }

    #[test]
    fn text_of_claims() {
        let shown = claims(json!({
            "sub": "u", "exp": 1_775_738_096, "iat": 1_775_734_496, "auth_time": 1_775_734_496, "email_verified": true,
            "cognito:groups": ["a", "b"], "address": {"formatted": "x"}, "none": null, "half": 1.5, "nbf": 5
        }));
        let shown: Vec<_> = shown.as_text().into_iter().map(|(name, text)| format!("{name}={text}")).collect();
        assert_eq!(
            shown,
            [
                "sub=u",
                "exp=Thu Apr 09 12:34:56 UTC 2026",
                "iat=Thu Apr 09 11:34:56 UTC 2026",
                "auth_time=1775734496",
                "email_verified=true",
                "cognito:groups=a,b",
                r#"address={"formatted":"x"}"#,
                "none=null",
                "half=1.5",
                "nbf=5",
            ]
        );
    }

    #[test]
    fn dates() {
        let now = Now { seconds: 1_000, skew_seconds: 0.0 };
        let lenient = Now { skew_seconds: 10.0, ..now };
        // Claims, and whether they pass: strictly, leniently.
        for (value, strictly, leniently) in [
            (json!({"exp": 1_001}), true, true),
            (json!({"exp": 1_000.5}), true, true),
            (json!({"exp": 1_000}), false, true),
            (json!({"exp": 990}), false, false),
            (json!({}), false, false),
            (json!({"exp": "1001"}), false, false),
            (json!({"exp": null}), false, false),
            (json!({"exp": -1}), false, false),
            (json!({"exp": 1e300}), false, false),
            (json!({"exp": 2_000, "nbf": 1_000, "iat": 1_000}), true, true),
            (json!({"exp": 2_000, "nbf": 1_001}), false, true),
            (json!({"exp": 2_000, "nbf": 1_011}), false, false),
            (json!({"exp": 2_000, "nbf": "0"}), false, false),
            (json!({"exp": 2_000, "iat": 1_001}), false, true),
            (json!({"exp": 2_000, "iat": []}), false, false),
        ] {
            let claims = claims(value.clone());
            assert_eq!(claims.check_dates(now, IssuedAt::Checked).is_ok(), strictly, "{value}");
            assert_eq!(claims.check_dates(lenient, IssuedAt::Checked).is_ok(), leniently, "{value}");
        }
        assert!(claims(json!({"exp": 2_000, "iat": 1_001})).check_dates(now, IssuedAt::Ignored).is_ok());
        assert!(matches!(claims(json!({"exp": 1})).check_dates(now, IssuedAt::Checked), Err(Refused::Expired)));
    }

    #[test]
    fn scopes() {
        let wanted = ["a/read".into(), "b".into()];
        for (value, has) in [
            (json!({"scope": "x a/read"}), true),
            (json!({"scope": ["x", "b"]}), true),
            (json!({"scp": "b"}), true),
            (json!({"scp": ["b"]}), true),
            (json!({"scope": "x", "scp": ["a/read"]}), true),
            (json!({"scope": "a/reader B"}), false),
            (json!({"scope": "a/read\tb"}), false),
            (json!({"scope": ["b", 1]}), false),
            (json!({"scope": {"b": true}}), false),
            (json!({"scope": ""}), false),
            (json!({"scopes": "b"}), false),
            (json!({}), false),
        ] {
            assert_eq!(claims(value.clone()).has_scope_of(&wanted), has, "{value}");
        }
        assert!(!claims(json!({"scope": "b"})).has_scope_of(&[]));
        assert!(!claims(json!({"scope": ""})).has_scope_of(&["x".into()]));
    }
}
