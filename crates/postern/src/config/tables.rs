//! The tables that a configuration has any number of, each with a name: functions, services, roles, the targets of VPC links. Written
//! once, as the keys are: reading, the error texts and `docs/configuration.md` all follow it.

use std::fmt;

use super::table::{ACCESS_KEY_ID, PROFILE, Takes};

/// A kind of table.
#[derive(Debug)]
pub struct Table {
    /// The section that its tables stand in.
    pub section: &'static str,
    /// What stands for the name in texts.
    pub placeholder: &'static str,
    /// What a name is.
    pub names: &'static str,
    /// Whether a text is such a name.
    pub is_name: fn(&str) -> bool,
    /// What a table has.
    pub fields: &'static [&'static Field],
    /// For the documentation.
    #[cfg_attr(not(test), expect(dead_code, reason = "read by the test that writes docs/configuration.md"))]
    pub about: &'static str,
}

/// A key of such a table.
#[derive(Debug)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What it takes.
    pub takes: Takes,
    /// What holds when it is not there, as it would be written.
    pub default: Option<&'static str>,
    /// One sentence for the documentation.
    #[cfg_attr(not(test), expect(dead_code, reason = "read by the test that writes docs/configuration.md"))]
    pub about: &'static str,
}

/// All kinds, in the order of the documentation.
pub static TABLES: [&Table; 6] = [&FUNCTIONS, &SERVICES, &CREDENTIALS, &LINK_TARGETS, &TOKEN_ISSUERS, &LOG_DESTINATIONS];

/// Lambda functions.
pub static FUNCTIONS: Table = Table {
    section: "functions",
    placeholder: "NAME",
    names: "the name of a function (letters, digits, - and _, up to 64), or its ARN without a qualifier, in quotes",
    is_name: is_function,
    fields: &[
        &DIRECTORY,
        &HANDLER,
        &COMMAND,
        &FUNCTION_ENVIRONMENT,
        &MEMORY_MB,
        &TIMEOUT_MS,
        &CONCURRENCY_MIN,
        &CONCURRENCY_MAX,
        &IDLE_TIMEOUT_MS,
        &ON_FAILURE,
        &EMULATOR,
        &FUNCTION_ENDPOINT,
        &FUNCTION_AWS,
    ],
    about: "A Lambda function. A name stands for the function of that name in every account and region, a full ARN (`[functions.\"arn:aws:lambda:...\"]`) for itself alone and before the name. Either a local function: `directory`, and `handler`, `command` or neither (then `directory` has an executable `bootstrap`). Or one that runs elsewhere: exactly one of `emulator`, `endpoint` and `aws`, and nothing else.",
};

/// AWS services.
pub static SERVICES: Table = Table {
    section: "services",
    placeholder: "SERVICE",
    names: "a service as integration URIs name it, such as sqs, states or runtime.sagemaker",
    is_name: is_service,
    fields: &[&SERVICE_ENDPOINT],
    about: "Where one service is, such as `[services.sqs]`, named as in integration URIs: Step Functions is `states`, EventBridge `events`. `[services.lambda]` is where functions are that have no table. A table wins over `AWS_ENDPOINT_URL_<SERVICE>`, which wins over `services.endpoint`, which wins over `AWS_ENDPOINT_URL`.",
};

/// Roles.
pub static CREDENTIALS: Table = Table {
    section: "credentials",
    placeholder: "\"ROLE_ARN\"",
    names: "the ARN of a role in quotes, such as \"arn:aws:iam::123456789012:role/name\"",
    is_name: is_role,
    fields: &[&ACCESS_KEY, &SECRET_KEY, &SESSION_TOKEN, &ROLE_PROFILE, &ROLE_ENVIRONMENT, &ASSUME_ROLE],
    about: "What a role that an integration names as its `credentials` signs with: exactly one of a key, a profile, the environment, and what STS gives for it.",
};

/// What VPC links lead to.
pub static LINK_TARGETS: Table = Table {
    section: "link_targets",
    placeholder: "\"ARN\"",
    names: "the ARN of a load balancer, a listener or a Cloud Map service, in quotes",
    is_name: is_arn,
    fields: &[&ADDRESSES, &HEALTH_CHECK_PATH],
    about: "What answers for a load balancer, a listener or a Cloud Map service behind a VPC link.",
};

/// Where tokens come from.
pub static TOKEN_ISSUERS: Table = Table {
    section: "token_issuers",
    placeholder: "\"NAME\"",
    names: "the URL of an issuer as it stands in authorizers, or the ARN of a user pool, in quotes",
    is_name: is_token_issuer,
    fields: &[&ISSUER, &JWKS_URI, &JWKS_FILE, &DISCOVERY_URI, &ALLOW_HTTP, &CA_FILE],
    about: "An issuer of tokens that JWT authorizers name by its URL, or a user pool that COGNITO_USER_POOLS authorizers name by its ARN, where it is not what the name says. Without a table an issuer is asked at `{URL}/.well-known/openid-configuration`, a pool at Cognito.",
};

/// Where access logs of stages go.
pub static LOG_DESTINATIONS: Table = Table {
    section: "log_destinations",
    placeholder: "\"ARN_OR_NAME\"",
    names: "the ARN of a log group or a delivery stream, or its name alone, in quotes",
    is_name: is_log_destination,
    fields: &[&LOG_TARGET],
    about: "Where the access logs of stages go that name this log group or Firehose delivery stream as their `destinationArn`. An ARN is before a name, which stands for every account and region. Two that name one file share it.",
};

/// Where lines go.
pub static LOG_TARGET: Field =
    Field { name: "target", takes: Takes::LineTarget, default: None, about: "Where the lines go. Needed." };
/// Where the code is.
pub static DIRECTORY: Field = Field {
    name: "directory",
    takes: Takes::Path,
    default: None,
    about: "Where the function's code is and its processes run. Relative to the directory of this file.",
};
/// The code.
pub static HANDLER: Field = Field {
    name: "handler",
    takes: Takes::Text("MODULE.FUNCTION, such as app.handler"),
    default: None,
    about: "`module.function`, of a Python or Node.js module in `directory`. With `command`, what that finds in `_HANDLER`.",
};
/// Any program.
pub static COMMAND: Field = Field {
    name: "command",
    takes: Takes::List("a program and its arguments"),
    default: None,
    about: "Program and arguments, without a shell: whatever speaks the Lambda Runtime API.",
};
/// What it finds there.
pub static FUNCTION_ENVIRONMENT: Field = Field {
    name: "environment",
    takes: Takes::Texts,
    default: None,
    about: "Environment variables of its processes, besides what Lambda sets. Nothing of the server's own environment but `PATH` and the like gets there.",
};
/// A figure.
pub static MEMORY_MB: Field = Field {
    name: "memory_mb",
    takes: Takes::Number { min: 128, max: 32_768, unit: "MB" },
    default: Some("128"),
    about: "What the function is told about its memory. Not enforced.",
};
/// Of one invocation.
pub static TIMEOUT_MS: Field = Field {
    name: "timeout_ms",
    takes: Takes::Number { min: 1, max: 900_000, unit: "ms" },
    default: Some("3000"),
    about: "How long one invocation may take before its process is ended.",
};
/// Kept warm.
pub static CONCURRENCY_MIN: Field = Field {
    name: "concurrency_min",
    takes: Takes::Number { min: 0, max: 1000, unit: "" },
    default: Some("0"),
    about: "Processes that are started with the server and kept.",
};
/// At once.
pub static CONCURRENCY_MAX: Field = Field {
    name: "concurrency_max",
    takes: Takes::Number { min: 1, max: 1000, unit: "" },
    default: Some("10"),
    about: "Processes at one time; one serves one invocation at a time.",
};
/// Unneeded.
pub static IDLE_TIMEOUT_MS: Field = Field {
    name: "idle_timeout_ms",
    takes: Takes::Number { min: 1, max: 86_400_000, unit: "ms" },
    default: Some("300000"),
    about: "How long a process above the minimum is kept that nobody calls.",
};
/// For calls that nobody waits for.
pub static ON_FAILURE: Field = Field {
    name: "on_failure",
    takes: Takes::Path,
    default: None,
    about: "A file that gets a line of JSON for each asynchronous call that failed for good. Relative to the directory of this file.",
};
/// Elsewhere.
pub static EMULATOR: Field = Field {
    name: "emulator",
    takes: Takes::Url,
    default: None,
    about: "Address of a Runtime Interface Emulator, as container images of functions have it.",
};
/// Elsewhere.
pub static FUNCTION_ENDPOINT: Field = Field {
    name: "endpoint",
    takes: Takes::Url,
    default: None,
    about: "Address of a server that has Lambda's Invoke API, such as `sam local start-lambda`. Requests are signed.",
};
/// Elsewhere.
pub static FUNCTION_AWS: Field =
    Field { name: "aws", takes: Takes::Switch, default: None, about: "`true`: the function runs at AWS." };
/// Where a service is.
pub static SERVICE_ENDPOINT: Field = Field {
    name: "endpoint",
    takes: Takes::Endpoint,
    default: None,
    about: "`aws`: at AWS. Otherwise the address of a server that speaks the service's protocol. Needed.",
};
/// As of the default key.
pub static ACCESS_KEY: Field = Field {
    name: "access_key_id",
    takes: ACCESS_KEY_ID,
    default: None,
    about: "With `secret_access_key`, and `session_token` if the key is temporary.",
};
/// Its other half.
pub static SECRET_KEY: Field =
    Field { name: "secret_access_key", takes: Takes::Secret, default: None, about: "Goes with `access_key_id`." };
/// What makes it temporary.
pub static SESSION_TOKEN: Field =
    Field { name: "session_token", takes: Takes::Secret, default: None, about: "Goes with a temporary `access_key_id`." };
/// A key of the shared file.
pub static ROLE_PROFILE: Field =
    Field { name: "profile", takes: PROFILE, default: None, about: "This profile of the shared credentials file." };
/// The server's own.
pub static ROLE_ENVIRONMENT: Field = Field {
    name: "environment",
    takes: Takes::Switch,
    default: None,
    about: "`true`: the server's own `AWS_ACCESS_KEY_ID` and so on.",
};
/// STS.
pub static ASSUME_ROLE: Field = Field {
    name: "assume_role",
    takes: Takes::Switch,
    default: None,
    about: "`true`: ask STS (`services.sts`, else `services.endpoint`) for temporary keys of the role, with the default key, and again before they expire.",
};
/// Who answers.
pub static ADDRESSES: Field = Field {
    name: "addresses",
    takes: Takes::List("addresses such as 10.0.0.5:8080, [fd00::5]:8080 or backend.internal"),
    default: None,
    about: "Names or addresses, with a port, or else the port of the integration's URI. Needed.",
};
/// How they are.
pub static HEALTH_CHECK_PATH: Field = Field {
    name: "health_check_path",
    takes: Takes::Text("a path, starting with /"),
    default: None,
    about: "Asked for over HTTP to see whether an address is well. Without it, that it takes a connection is enough.",
};

/// What tokens name.
pub static ISSUER: Field = Field {
    name: "issuer",
    takes: Takes::Text("a URL such as https://id.example.com"),
    default: None,
    about: "Of a user pool: what its tokens have as `iss`, if not `https://cognito-idp.{region}.amazonaws.com/{pool id}`. Its keys are at `{issuer}/.well-known/jwks.json` unless this table says otherwise.",
};
/// Keys.
pub static JWKS_URI: Field = Field {
    name: "jwks_uri",
    takes: Takes::Text("a URL such as https://id.example.com/keys"),
    default: None,
    about: "Where the issuer's keys are; no discovery document is asked for.",
};
/// Keys.
pub static JWKS_FILE: Field = Field {
    name: "jwks_file",
    takes: Takes::Path,
    default: None,
    about: "A file with the issuer's keys (a JWK Set), read at the start; the issuer is never asked. Relative to the directory of this file.",
};
/// Where they are found.
pub static DISCOVERY_URI: Field = Field {
    name: "discovery_uri",
    takes: Takes::Text("a URL such as https://id.internal/.well-known/openid-configuration"),
    default: None,
    about: "Where the issuer's discovery document is. It must name the very issuer that tokens name.",
};
/// For tests.
pub static ALLOW_HTTP: Field = Field {
    name: "allow_http",
    takes: Takes::Switch,
    default: None,
    about: "`true`: let the issuer be asked over plain HTTP, where its addresses say so. Whoever stands between can then make tokens: for tests.",
};
/// Whom it is believed from.
pub static CA_FILE: Field = Field {
    name: "ca_file",
    takes: Takes::Path,
    default: None,
    about: "Certificates in PEM that are trusted besides the system's when this issuer is asked. Relative to the directory of this file.",
};

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.section, self.placeholder)
    }
}

/// Characters of a function's name at AWS.
const FUNCTION_NAME_MAX: usize = 64;

fn is_function(text: &str) -> bool {
    let name = match text.strip_prefix("arn:") {
        Some(rest) => match rest.split(':').collect::<Vec<_>>()[..] {
            [partition, "lambda", region, account, "function", name]
                if !partition.is_empty() && !region.is_empty() && is_account(account) =>
            {
                name
            }
            _ => return false,
        },
        None => text,
    };
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=FUNCTION_NAME_MAX).contains(&name.len()) && name.bytes().all(is_plain)
}

fn is_service(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.');
    !text.is_empty() && text.bytes().all(is_plain) && super::service_names::other_name(text).is_none()
}

fn is_role(text: &str) -> bool {
    match text.splitn(6, ':').collect::<Vec<_>>()[..] {
        ["arn", partition, "iam", "", account, role] => {
            !partition.is_empty() && is_account(account) && role.strip_prefix("role/").is_some_and(|name| !name.is_empty())
        }
        _ => false,
    }
}

fn is_token_issuer(text: &str) -> bool {
    match text.splitn(6, ':').collect::<Vec<_>>()[..] {
        ["arn", partition, "cognito-idp", region, account, pool] => {
            !partition.is_empty() && !region.is_empty() && is_account(account) && pool.starts_with("userpool/")
        }
        _ => (text.starts_with("https://") || text.starts_with("http://")) && !text.contains(['?', '#', '@', ' ']),
    }
}

fn is_arn(text: &str) -> bool {
    text.starts_with("arn:") && text.splitn(6, ':').count() == 6
}

/// Characters of a log group's name at AWS, and more than those of a delivery stream's.
const LOG_GROUP_NAME_MAX: usize = 512;

fn is_log_destination(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'/' | b'.' | b'#');
    let is_name = (1..=LOG_GROUP_NAME_MAX).contains(&text.len()) && text.bytes().all(is_plain);
    is_name || (is_arn(text) && !text.ends_with(":*"))
}

fn is_account(text: &str) -> bool {
    super::values::is_account(text)
}
