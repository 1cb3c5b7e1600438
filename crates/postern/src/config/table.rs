//! Every key there is, once: its name in the file, its environment variable, its flag, what it takes, its default and what
//! it does. Reading, the error texts and `docs/configuration.md` all follow this table.

pub use super::key::{Key, Takes};

// Client-side timeouts and bounds of one connection; AWS documents no timeouts of its front. They are the data plane's own
// defaults, which a test compares.
const HEADER_TIMEOUT_MS_DEFAULT: &str = "10000";
const BODY_TIMEOUT_MS_DEFAULT: &str = "30000";
const CONNECTIONS_PER_WORKER_MAX_DEFAULT: &str = "16384";
/// AWS's limit on a request's header fields, names, values and line ends.
const MAX_HEADER_BYTES_DEFAULT: &str = "10240";
/// AWS's limit on the URL of a regional endpoint.
const MAX_TARGET_BYTES_DEFAULT: &str = "10240";
const IDLE_TIMEOUT_MS_DEFAULT: &str = "75000";
/// AWS's payload quota, 10 MB.
const MAX_BODY_BYTES_DEFAULT: &str = "10485760";
/// What a BUFFERED response is held up to before it streams.
const BUFFER_BYTES_DEFAULT: &str = "65536";
/// An integration may take 29 s on AWS: whoever is being answered gets the answer.
const DRAIN_TIMEOUT_MS_DEFAULT: &str = "30000";
/// A bound that a machine with one gigabyte holds easily; cold APIs are compiled again when asked for.
const RESIDENT_APIS_MAX_DEFAULT: &str = "10000";
/// What stages cache in memory, together and each; the data plane's own defaults, which a test compares.
const CACHE_BYTES_MAX_DEFAULT: &str = "268435456";
const STAGE_CACHE_BYTES_MAX_DEFAULT: &str = "67108864";
const IMPORT_BYTES_MAX_DEFAULT: &str = "6291456";
// The data plane's own defaults, which a test compares.
const CLOCK_SKEW_MS_DEFAULT: &str = "0";
const REFETCH_INTERVAL_MS_DEFAULT: &str = "60000";
const DATA_DIR_DEFAULT: &str = "./postern-data";
const ACCOUNT_DEFAULT: &str = "000000000000";
const MANAGEMENT_ADDRESS_DEFAULT: &str = "127.0.0.1:4566";
const HTTP_ADDRESS_DEFAULT: &str = "127.0.0.1:8080";
const LOG_LEVEL_DEFAULT: &str = "info";
const LOG_FORMAT_DEFAULT: &str = "text";
const LOG_ACCESS_DEFAULT: &str = "stderr";

const TIMEOUT: Takes = Takes::Number { min: 1, max: 3_600_000, unit: "ms" };
const HALF_A_GIGABYTE: u64 = 512 * 1024 * 1024;
const HEAD: Takes = Takes::Number { min: 256, max: 1_048_576, unit: "bytes" };
/// As AWS writes them.
pub const ACCESS_KEY_ID: Takes = Takes::Text("the id of an access key, 1 to 128 letters and digits");
/// A name in the shared credentials file.
pub const PROFILE: Takes = Takes::Text("the name of a profile");
/// Up to a terabyte: more than a machine has.
const CACHE: Takes = Takes::Number { min: 0, max: 1 << 40, unit: "bytes" };
const BODY: Takes = Takes::Number { min: 1, max: HALF_A_GIGABYTE, unit: "bytes" };

/// Where everything that must outlive the process is kept.
pub static DATA_DIR: Key = Key {
    path: "data_dir",
    flag: Some("--data-dir"),
    short_env: None,
    takes: Takes::Path,
    default: Some(DATA_DIR_DEFAULT),
    about: "Directory that holds the database, the first access key and the lock. Made when it is missing.",
};

/// Whose resources, where no signature says so.
pub static ACCOUNT: Key = Key {
    path: "account",
    flag: Some("--account"),
    short_env: None,
    takes: Takes::Account,
    default: Some(ACCOUNT_DEFAULT),
    about: "Account of the access key that the first start makes, of `postern keys`, and, under `dev`, of callers whose access key id is not itself an account.",
};

/// Development mode.
pub static DEV: Key = Key {
    path: "dev",
    flag: Some("--dev"),
    short_env: None,
    takes: Takes::Switch,
    default: Some("false"),
    about: "Accept every access key and signature, and answer API traffic on the management address too. Refused unless every listener is on loopback.",
};

/// Management address.
pub static MANAGEMENT_ADDRESS: Key = Key {
    path: "management.address",
    flag: Some("--management"),
    short_env: Some("POSTERN_MANAGEMENT"),
    takes: Takes::Address,
    default: Some(MANAGEMENT_ADDRESS_DEFAULT),
    about: "Where AWS clients manage APIs; `/_postern/health` and `/_postern/metrics` are here too.",
};

/// Traffic address.
pub static HTTP_ADDRESS: Key = Key {
    path: "http.address",
    flag: Some("--http"),
    short_env: Some("POSTERN_HTTP"),
    takes: Takes::Address,
    default: Some(HTTP_ADDRESS_DEFAULT),
    about: "Where API clients call the deployed APIs.",
};

/// Time for a request's head.
pub static HTTP_HEADER_TIMEOUT_MS: Key = Key {
    path: "http.header_timeout_ms",
    flag: None,
    short_env: None,
    takes: TIMEOUT,
    default: Some(HEADER_TIMEOUT_MS_DEFAULT),
    about: "How long a client may take to send a request's head.",
};

/// Time between two reads of a request's body.
pub static HTTP_BODY_TIMEOUT_MS: Key = Key {
    path: "http.body_timeout_ms",
    flag: None,
    short_env: None,
    takes: TIMEOUT,
    default: Some(BODY_TIMEOUT_MS_DEFAULT),
    about: "How long a client may pause while it sends a body.",
};

/// Time between two requests.
pub static HTTP_IDLE_TIMEOUT_MS: Key = Key {
    path: "http.idle_timeout_ms",
    flag: None,
    short_env: None,
    takes: TIMEOUT,
    default: Some(IDLE_TIMEOUT_MS_DEFAULT),
    about: "How long a client's connection may stay open between two requests.",
};

/// Largest payload.
pub static HTTP_MAX_BODY_BYTES: Key = Key {
    path: "http.max_body_bytes",
    flag: None,
    short_env: None,
    takes: BODY,
    default: Some(MAX_BODY_BYTES_DEFAULT),
    about: "Largest body of a request and of a response. A longer request is answered 413.",
};

/// How much of a response is held back.
pub static HTTP_BUFFER_BYTES: Key = Key {
    path: "http.buffer_bytes",
    flag: None,
    short_env: None,
    takes: BODY,
    default: Some(BUFFER_BYTES_DEFAULT),
    about: "How much of a BUFFERED integration's response is held back before it streams: what fails inside it becomes a gateway response.",
};

/// Longest head.
pub static HTTP_MAX_HEADER_BYTES: Key = Key {
    path: "http.max_header_bytes",
    flag: None,
    short_env: None,
    takes: HEAD,
    default: Some(MAX_HEADER_BYTES_DEFAULT),
    about: "Largest sum of a request's header fields: names, values and line ends.",
};

/// Longest URL.
pub static HTTP_MAX_TARGET_BYTES: Key = Key {
    path: "http.max_target_bytes",
    flag: None,
    short_env: None,
    takes: HEAD,
    default: Some(MAX_TARGET_BYTES_DEFAULT),
    about: "Longest path and query of a request.",
};

/// Connections.
pub static HTTP_CONNECTIONS_PER_WORKER_MAX: Key = Key {
    path: "http.connections_per_worker_max",
    flag: None,
    short_env: None,
    takes: Takes::Number { min: 1, max: 10_000_000, unit: "" },
    default: Some(CONNECTIONS_PER_WORKER_MAX_DEFAULT),
    about: "Client connections that one worker holds at one time.",
};

/// Threads that serve traffic.
pub static HTTP_WORKERS: Key = Key {
    path: "http.workers",
    flag: None,
    short_env: None,
    takes: Takes::Number { min: 1, max: 1024, unit: "" },
    default: None,
    about: "Threads that serve API traffic; one per available processor core when not set.",
};

/// Patience at the end.
pub static HTTP_DRAIN_TIMEOUT_MS: Key = Key {
    path: "http.drain_timeout_ms",
    flag: None,
    short_env: None,
    takes: TIMEOUT,
    default: Some(DRAIN_TIMEOUT_MS_DEFAULT),
    about: "How long requests that are being answered may go on after SIGTERM or SIGINT.",
};

/// The address that is not there yet: named so that setting it is refused with the reason.
pub static HTTPS_ADDRESS: Key = Key {
    path: "https.address",
    flag: Some("--https"),
    short_env: Some("POSTERN_HTTPS"),
    takes: Takes::Address,
    default: None,
    about: "Not implemented yet: setting it is refused.",
};

/// Holes in the guard.
pub static INTEGRATIONS_ALLOWED_ADDRESSES: Key = Key {
    path: "integrations.allowed_addresses",
    flag: None,
    short_env: None,
    takes: Takes::IpAddresses,
    default: Some(""),
    about: "IP addresses that integrations may connect to although the guard refuses them: link-local and metadata addresses and Postern's own listeners.",
};

/// What is spoken to backends.
pub static INTEGRATIONS_HTTP2: Key = Key {
    path: "integrations.http2",
    flag: None,
    short_env: None,
    takes: Takes::Switch,
    default: Some("true"),
    about: "Offer HTTP/2 to backends over TLS; those that do not take it, and all over plain TCP, are spoken to in HTTP/1.1.",
};

/// Where AWS services are.
pub static SERVICES_ENDPOINT: Key = Key {
    path: "services.endpoint",
    flag: None,
    short_env: None,
    takes: Takes::Endpoint,
    default: None,
    about: "Where integrations find AWS services that have no table of their own under `services`. Without it, and without `AWS_ENDPOINT_URL`, their requests fail and say so.",
};

/// Between clocks.
pub static TOKENS_CLOCK_SKEW_MS: Key = Key {
    path: "tokens.clock_skew_ms",
    flag: None,
    short_env: None,
    takes: Takes::Number { min: 0, max: 300_000, unit: "ms" },
    default: Some(CLOCK_SKEW_MS_DEFAULT),
    about: "By how much the clock of an issuer of tokens may differ from this machine's: a token is accepted so much before and after its time.",
};

/// Of unknown keys.
pub static TOKENS_REFETCH_INTERVAL_MS: Key = Key {
    path: "tokens.refetch_interval_ms",
    flag: None,
    short_env: None,
    takes: Takes::Number { min: 100, max: 3_600_000, unit: "ms" },
    default: Some(REFETCH_INTERVAL_MS_DEFAULT),
    about: "How often a token that is signed with an unknown key makes the keys of its issuer be fetched again; how long a rotation may take to be noticed.",
};

/// Audiences.
pub static TOKENS_CLIENT_ID_FALLBACK: Key = Key {
    path: "tokens.client_id_fallback",
    flag: None,
    short_env: None,
    takes: Takes::Switch,
    default: Some("false"),
    about: "JWT authorizers: a token without `aud` is for its `client_id`, as with HTTP APIs. Access tokens of Cognito have no `aud`.",
};

/// Half of the default key.
pub static CREDENTIALS_ACCESS_KEY_ID: Key = Key {
    path: "credentials.access_key_id",
    flag: None,
    short_env: None,
    takes: ACCESS_KEY_ID,
    default: None,
    about: "The default key, which signs what names no role: this, `secret_access_key` and, for temporary keys, `session_token`.",
};

/// Its other half.
pub static CREDENTIALS_SECRET_ACCESS_KEY: Key = Key {
    path: "credentials.secret_access_key",
    flag: None,
    short_env: None,
    takes: Takes::Secret,
    default: None,
    about: "Goes with `access_key_id`.",
};

/// What makes it temporary.
pub static CREDENTIALS_SESSION_TOKEN: Key = Key {
    path: "credentials.session_token",
    flag: None,
    short_env: None,
    takes: Takes::Secret,
    default: None,
    about: "Goes with a temporary `access_key_id`.",
};

/// A key of the shared credentials file.
pub static CREDENTIALS_PROFILE: Key = Key {
    path: "credentials.profile",
    flag: None,
    short_env: None,
    takes: PROFILE,
    default: None,
    about: "The default key is this profile of the shared credentials file (`AWS_SHARED_CREDENTIALS_FILE`, or `~/.aws/credentials`), which is read again when it changes.",
};

/// A key of the environment.
pub static CREDENTIALS_ENVIRONMENT: Key = Key {
    path: "credentials.environment",
    flag: None,
    short_env: None,
    takes: Takes::Switch,
    default: Some("false"),
    about: "The default key is the server's own `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`.",
};

/// Who may act for everybody.
pub static CREDENTIALS_ANY_ROLE: Key = Key {
    path: "credentials.any_role",
    flag: None,
    short_env: None,
    takes: Takes::Switch,
    default: Some("false"),
    about: "Sign with the default key for every role that has no table of its own. Otherwise requests of such an integration fail and name the key to set.",
};

/// Whether metrics name APIs.
pub static METRICS_PER_API: Key = Key {
    path: "metrics.per_api",
    flag: None,
    short_env: None,
    takes: Takes::Switch,
    default: None,
    about: "Whether `/_postern/metrics` shows each API's and stage's metrics, with their names. Not set: only under `dev`, since nobody signs to read that page.",
};

/// Where telemetry is sent.
pub static OTLP_ENDPOINT: Key = Key {
    path: "otlp.endpoint",
    flag: None,
    short_env: None,
    takes: Takes::Url,
    default: None,
    about: "An OpenTelemetry collector that takes OTLP over HTTP, such as http://127.0.0.1:4318. It is sent the metrics of APIs, the spans of stages with `tracingEnabled`, and the lines of logs whose target is `otlp`. Not set: nothing is sent.",
};

/// What the collector wants to see.
pub static OTLP_HEADERS: Key = Key {
    path: "otlp.headers",
    flag: None,
    short_env: None,
    takes: Takes::Secret,
    default: None,
    about: "Fields of each request to the collector, such as its key: `name=value,name=value`, values percent-encoded.",
};

/// How often.
pub static OTLP_METRICS_INTERVAL_MS: Key = Key {
    path: "otlp.metrics_interval_ms",
    flag: None,
    short_env: None,
    takes: Takes::Number { min: 100, max: 3_600_000, unit: "ms" },
    default: Some("60000"),
    about: "How often the metrics of APIs are sent to the collector.",
};

/// How many.
pub static OTLP_SAMPLE_PERCENT: Key = Key {
    path: "otlp.sample_percent",
    flag: None,
    short_env: None,
    takes: Takes::Number { min: 0, max: 100, unit: "" },
    default: Some("100"),
    about: "Of a hundred requests to stages with `tracingEnabled`, how many are traced where the client does not decide it by `X-Amzn-Trace-Id` or `traceparent`.",
};

/// Compiled APIs held.
pub static LIMITS_RESIDENT_APIS_MAX: Key = Key {
    path: "limits.resident_apis_max",
    flag: None,
    short_env: None,
    takes: Takes::Number { min: 1, max: 10_000_000, unit: "" },
    default: Some(RESIDENT_APIS_MAX_DEFAULT),
    about: "How many compiled APIs stay in memory; past it, cold ones are dropped and compiled again when asked for.",
};

/// Caches of all stages.
pub static LIMITS_CACHE_BYTES_MAX: Key = Key {
    path: "limits.cache_bytes_max",
    flag: None,
    short_env: None,
    takes: CACHE,
    default: Some(CACHE_BYTES_MAX_DEFAULT),
    about: "Memory that the caches of all stages take together; past it, the largest one forgets what it has not used longest.",
};

/// Of one.
pub static LIMITS_STAGE_CACHE_BYTES_MAX: Key = Key {
    path: "limits.stage_cache_bytes_max",
    flag: None,
    short_env: None,
    takes: CACHE,
    default: Some(STAGE_CACHE_BYTES_MAX_DEFAULT),
    about: "Memory that the cache of one stage takes at most, if its `cacheClusterSize` is more.",
};

/// Account throttle.
pub static LIMITS_ACCOUNT_RATE: Key = Key {
    path: "limits.account_rate_per_second",
    flag: None,
    short_env: None,
    takes: Takes::Number { min: 1, max: 1_000_000_000, unit: "requests" },
    default: None,
    about: "How many requests a second all APIs of one account in one Region take together, past which they answer 429; AWS's default is 10000. Off if not set.",
};

/// Bursts of accounts.
pub static LIMITS_ACCOUNT_BURST: Key = Key {
    path: "limits.account_burst",
    flag: None,
    short_env: None,
    takes: Takes::Number { min: 1, max: 1_000_000_000, unit: "requests" },
    default: None,
    about: "How many of these may come at one moment. Half of `limits.account_rate_per_second` if not set, as on AWS; needs that key.",
};

/// Bytes of an OpenAPI document.
pub static LIMITS_IMPORT_BYTES_MAX: Key = Key {
    path: "limits.import_bytes_max",
    flag: None,
    short_env: None,
    // The bound on every management call is the upper one.
    takes: Takes::Number { min: 1, max: 8_388_608, unit: "bytes" },
    default: Some(IMPORT_BYTES_MAX_DEFAULT),
    about: "The largest OpenAPI document that is imported.",
};

/// How much is logged.
pub static LOG_LEVEL: Key = Key {
    path: "log.level",
    flag: None,
    short_env: None,
    takes: Takes::LogFilter,
    default: Some(LOG_LEVEL_DEFAULT),
    about: "How much is logged on stderr.",
};

/// How it is written.
pub static LOG_FORMAT: Key = Key {
    path: "log.format",
    flag: None,
    short_env: None,
    takes: Takes::Word(&["text", "json"]),
    default: Some(LOG_FORMAT_DEFAULT),
    about: "How log lines look; access lines keep their own format.",
};

/// Where access lines go.
pub static LOG_ACCESS: Key = Key {
    path: "log.access",
    flag: None,
    short_env: None,
    takes: Takes::LineTarget,
    default: Some(LOG_ACCESS_DEFAULT),
    about: "Where the line per API request goes, and the lines of stages whose destination `log_destinations` does not map.",
};

/// All keys, in the order of the documentation.
pub static KEYS: &[&Key] = &[
    &DATA_DIR,
    &ACCOUNT,
    &DEV,
    &MANAGEMENT_ADDRESS,
    &HTTP_ADDRESS,
    &HTTP_HEADER_TIMEOUT_MS,
    &HTTP_BODY_TIMEOUT_MS,
    &HTTP_IDLE_TIMEOUT_MS,
    &HTTP_MAX_BODY_BYTES,
    &HTTP_BUFFER_BYTES,
    &HTTP_MAX_HEADER_BYTES,
    &HTTP_MAX_TARGET_BYTES,
    &HTTP_CONNECTIONS_PER_WORKER_MAX,
    &HTTP_WORKERS,
    &HTTP_DRAIN_TIMEOUT_MS,
    &HTTPS_ADDRESS,
    &INTEGRATIONS_ALLOWED_ADDRESSES,
    &INTEGRATIONS_HTTP2,
    &SERVICES_ENDPOINT,
    &CREDENTIALS_ACCESS_KEY_ID,
    &CREDENTIALS_SECRET_ACCESS_KEY,
    &CREDENTIALS_SESSION_TOKEN,
    &CREDENTIALS_PROFILE,
    &CREDENTIALS_ENVIRONMENT,
    &CREDENTIALS_ANY_ROLE,
    &TOKENS_CLOCK_SKEW_MS,
    &TOKENS_REFETCH_INTERVAL_MS,
    &TOKENS_CLIENT_ID_FALLBACK,
    &METRICS_PER_API,
    &OTLP_ENDPOINT,
    &OTLP_HEADERS,
    &OTLP_METRICS_INTERVAL_MS,
    &OTLP_SAMPLE_PERCENT,
    &LIMITS_RESIDENT_APIS_MAX,
    &LIMITS_ACCOUNT_RATE,
    &LIMITS_ACCOUNT_BURST,
    &LIMITS_CACHE_BYTES_MAX,
    &LIMITS_STAGE_CACHE_BYTES_MAX,
    &LIMITS_IMPORT_BYTES_MAX,
    &LOG_LEVEL,
    &LOG_FORMAT,
    &LOG_ACCESS,
];

/// Names the configuration file; the only variable that is not also a key of the file.
pub const CONFIG_ENV: &str = "POSTERN_CONFIG";
