//! Admission on both sides: API keys in a usage plan with a throttle, and nginx with `map` and `limit_req`.

use super::contest::Entry;
use super::failure::Outcome;
use super::management::{Management, Throttle};

/// Keys that there are, so that the right one has to be found.
const KEYS: usize = 100;
/// The key that is used.
const ASKED_KEY: usize = 42;
/// No load here comes near it: what is measured is admitting.
pub const LIMIT: Throttle = Throttle { rate: 1_000_000, burst: 1_000_000 };

/// The value of the key that is used.
pub fn asked_key() -> String {
    key(ASKED_KEY)
}

/// Twenty characters and more, which is what AWS asks of a value.
fn key(number: usize) -> String {
    format!("key-of-a-client-of-the-bench-{number:04}")
}

/// A plan for an API and keys in it.
pub fn add_keys(management: &mut Management, api: &str, limit: Throttle) -> Outcome<()> {
    let plan = management.create_usage_plan(api, limit)?;
    (0..KEYS).try_for_each(|number| management.create_api_key(&plan, &key(number)))
}

/// The gateway's configuration of nginx with the places filled that depend on who may ask.
pub fn nginx(template: &str, entry: Entry) -> String {
    let (clients, admission, mock) = match entry {
        Entry::Open => (String::new(), "", MOCK_AT_ONCE),
        Entry::Metered => (clients(), ADMISSION, MOCK_AFTER_ADMISSION),
    };
    template.replace("@CLIENTS@\n", &clients).replace("@ADMISSION@\n", admission).replace("@MOCK_LOCATION@\n", mock)
}

/// Whose a key is, and a bucket for each client.
fn clients() -> String {
    let entries: String = (0..KEYS).map(|number| format!("        {} client{number};\n", key(number))).collect();
    let Throttle { rate, .. } = LIMIT;
    format!(
        "    map $http_x_api_key $client {{                       # the API key and its usage plan\n        default \"\";\n{entries}    }}\n    \
         limit_req_zone $client zone=plan:10m rate={rate}r/s; # the plan's throttle: a bucket for each key\n    limit_req_status 429;\n"
    )
}

const ADMISSION: &str = concat!(
    "        if ($client = \"\") { return 403 '{\"message\":\"Forbidden\"}'; }  # no key, or nobody's\n",
    "        limit_req zone=plan burst=1000000 nodelay;\n",
);

const MOCK_AT_ONCE: &str = "        location = @MOCK@ {
            default_type application/json;
            return 200 '@MOCK_TEXT@';
        }
";

/// `return` alone would answer before the limit is asked.
const MOCK_AFTER_ADMISSION: &str = "        open_file_cache max=10 inactive=1h;
        open_file_cache_valid 1h;
        open_file_cache_errors on;
        location = @MOCK@ { try_files /none @text; }
        location @text {
            default_type application/json;
            return 200 '@MOCK_TEXT@';
        }
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_configuration_knows_no_clients() {
        let template = include_str!("templates/nginx.conf");
        let (open, metered) = (nginx(template, Entry::Open), nginx(template, Entry::Metered));
        assert!(!open.contains("limit_req") && metered.contains(&format!("burst={} nodelay", LIMIT.burst)));
        assert!(metered.contains(&asked_key()) && !metered.contains("@ADMISSION@") && open.contains("return 200"));
    }
}
