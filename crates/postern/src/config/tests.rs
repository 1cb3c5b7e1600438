//! Tables of good and bad configurations.
#![allow(clippy::unwrap_used)]

use std::ffi::OsString;

use postern_data_plane::GatewaySettings;
use postern_data_plane::transport::ListenerSettings;
use proptest::prelude::*;

use super::table::{self, KEYS};
use super::*;

/// Sources over a directory of their own, optionally with a `postern.toml` in it.
pub struct Case {
    pub directory: tempfile::TempDir,
    pub sources: Sources,
}

impl Case {
    pub fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let invocation = Invocation { environment: Vec::new(), working_directory: directory.path().to_owned() };
        let sources = Sources { invocation, ..Sources::default() };
        Self { directory, sources }
    }

    pub fn file(self, text: &str) -> Self {
        std::fs::write(self.directory.path().join("postern.toml"), text).unwrap();
        self
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.sources.invocation.environment.push((OsString::from(name), OsString::from(value)));
        self
    }

    pub fn flag(mut self, key: &'static Key, value: &str) -> Self {
        self.sources.flags.push((key, value.to_owned()));
        self
    }

    pub fn read(&self) -> Result<Settings, Problems> {
        Settings::read(&self.sources)
    }

    pub fn problems(&self) -> Vec<String> {
        self.read().unwrap_err().0.iter().map(ToString::to_string).collect()
    }
}

#[test]
fn nothing_said_is_the_defaults() {
    let settings = Case::new().env("PATH", "/bin").read().unwrap();
    assert_eq!(settings.data_dir, PathBuf::from("./postern-data"));
    assert_eq!(settings.account, "000000000000");
    assert_eq!(settings.mode, Mode::Signed);
    assert_eq!(settings.management.to_string(), "127.0.0.1:4566");
    assert_eq!(settings.http.address.to_string(), "127.0.0.1:8080");
    assert_eq!(settings.http.max_body_bytes, 10 * 1024 * 1024);
    assert_eq!(settings.http.buffer_bytes, 64 * 1024);
    assert_eq!(settings.allowed_addresses, Vec::<IpAddr>::new());
    assert!(settings.http2_backends);
    assert_eq!(settings.log.access, LineTarget::Stderr);
    assert_eq!(settings.file, None);
}

#[test]
fn defaults_are_those_of_the_data_plane() {
    let settings = Case::new().read().unwrap();
    let (listener, gateway) = (ListenerSettings::default(), GatewaySettings::default());
    assert_eq!(settings.http.header_timeout, listener.header_timeout);
    assert_eq!(settings.http.body_timeout, listener.body_timeout);
    assert_eq!(settings.http.idle_timeout, listener.idle_timeout);
    assert_eq!(settings.http.max_header_bytes, listener.max_header_bytes);
    assert_eq!(settings.http.max_target_bytes, listener.max_target_bytes);
    assert_eq!(settings.http.connections_per_worker_max, listener.connections_per_worker_max);
    assert_eq!(settings.http.max_body_bytes as u64, listener.max_body_bytes);
    assert_eq!(settings.http.max_body_bytes as u64, gateway.max_body_bytes);
    assert_eq!(settings.http.buffer_bytes, gateway.buffer_bytes);
    assert_eq!(settings.resident_apis_max, gateway.resident_apis_max);
    assert_eq!(settings.cache, gateway.cache);
    let tokens = gateway.backends.tokens;
    assert_eq!((settings.tokens.clock_skew, settings.tokens.refetch_interval), (tokens.clock_skew, tokens.refetch_interval));
    assert_eq!(settings.tokens.client_ids, tokens.client_ids);
    assert_eq!(settings.import_bytes_max, postern_control_plane::openapi::document::DOCUMENT_BYTES_MAX);
}

#[test]
fn flag_over_environment_over_file_over_default() {
    let case = || Case::new().file("account = '111111111111'\n[http]\naddress = '127.0.0.1:1'\n");
    assert_eq!(case().read().unwrap().account, "111111111111");
    let case = || case().env("POSTERN_ACCOUNT", "222222222222").env("POSTERN_HTTP", "127.0.0.1:2");
    assert_eq!(case().read().unwrap().account, "222222222222");
    let settings = case().flag(&table::ACCOUNT, "333333333333").flag(&table::HTTP_ADDRESS, "127.0.0.1:3").read().unwrap();
    assert_eq!(settings.account, "333333333333");
    assert_eq!(settings.http.address.port(), 3);
    assert_eq!(settings.file, Some(PathBuf::from("postern.toml")));
}

#[test]
fn every_key_can_be_set_in_the_file() {
    let case = Case::new().file(
        "data_dir = 'd'\naccount = '123456789012'\ndev = true\n[management]\naddress = '[::1]:0'\n[http]\naddress = 'localhost:0'\n\
         header_timeout_ms = 1\nbody_timeout_ms = 2\nidle_timeout_ms = 3\nmax_body_bytes = 4\nbuffer_bytes = 5\nworkers = 6\n\
         drain_timeout_ms = 7\n[integrations]\nallowed_addresses = ['169.254.169.254', '::1']\nhttp2 = false\n[limits]\nresident_apis_max = 8\nimport_bytes_max = 9\ncache_bytes_max = 10\nstage_cache_bytes_max = 11\n\
         [log]\nlevel = 'info,postern=debug'\nformat = 'json'\naccess = '/var/log/postern/access.log'\n",
    );
    let settings = case.read().unwrap();
    assert_eq!(settings.mode, Mode::Dev);
    assert_eq!(settings.http.header_timeout, Duration::from_millis(1));
    assert_eq!(settings.http.drain_timeout, Duration::from_millis(7));
    assert_eq!(settings.http.workers.get(), 6);
    assert_eq!(settings.resident_apis_max, 8);
    assert_eq!((settings.cache.bytes_max, settings.cache.stage_bytes_max), (10, 11));
    assert_eq!(settings.import_bytes_max, 9);
    assert_eq!(settings.allowed_addresses.len(), 2);
    assert!(!settings.http2_backends);
    assert_eq!(settings.log.format, LogFormat::Json);
    assert_eq!(settings.log.access, LineTarget::File(PathBuf::from("/var/log/postern/access.log")));
}

#[test]
fn environment_names_follow_section_and_key() {
    let settings = Case::new()
        .env("POSTERN_HTTP_HEADER_TIMEOUT_MS", "250")
        .env("POSTERN_MANAGEMENT_ADDRESS", "127.0.0.1:0")
        .env("POSTERN_INTEGRATIONS_ALLOWED_ADDRESSES", "10.0.0.1, 10.0.0.2")
        .env("POSTERN_DEV", "false")
        .env("POSTERN_LOG_ACCESS", "off")
        .read()
        .unwrap();
    assert_eq!(settings.http.header_timeout, Duration::from_millis(250));
    assert_eq!(settings.management.port(), 0);
    assert_eq!(settings.allowed_addresses.len(), 2);
    assert_eq!(settings.log.access, LineTarget::Off);
}

#[test]
fn a_wrong_value_names_key_place_fault_and_what_is_allowed() {
    let cases = [
        (
            Case::new().env("POSTERN_ACCOUNT", "12"),
            "account (POSTERN_ACCOUNT): \"12\" is not possible; allowed: an account id, twelve digits",
        ),
        (Case::new().env("POSTERN_DEV", "yes"), "dev (POSTERN_DEV): \"yes\" is not possible; allowed: true or false"),
        (
            Case::new().flag(&table::HTTP_ADDRESS, "8080"),
            "http.address (--http): \"8080\" is not possible; allowed: IP:PORT, such as 127.0.0.1:8080, [::1]:8080 or localhost:0",
        ),
        (
            Case::new().file("[http]\n\nbody_timeout_ms = 0\n"),
            "http.body_timeout_ms (postern.toml:3): 0 is not possible; allowed: a whole number of ms from 1 to 3600000",
        ),
        (
            Case::new().file("[http]\nworkers = '4'\n"),
            "http.workers (postern.toml:2): \"4\" is not possible; allowed: a whole number from 1 to 1024",
        ),
        (Case::new().file("data_dir = 4\n"), "data_dir (postern.toml:1): 4 is not possible; allowed: a path"),
        (
            Case::new().file("http = 'x'\n"),
            "http (postern.toml:1): there is no such key; allowed: the keys in docs/configuration.md",
        ),
        (
            Case::new().file("[http]\nadress = 'x'\n"),
            "http.adress (postern.toml:2): there is no such key; allowed: did you mean http.address?",
        ),
        (
            Case::new().env("POSTERN_HTTP_MAX_BODY", "1"),
            "POSTERN_HTTP_MAX_BODY (POSTERN_HTTP_MAX_BODY): there is no such key; allowed: did you mean POSTERN_HTTP_MAX_BODY_BYTES?",
        ),
        (
            Case::new().env("POSTERN_LOG_LEVEL", "verbose"),
            "log.level (POSTERN_LOG_LEVEL): \"verbose\" is not possible; allowed: off, error, warn, info, debug or trace, also per module: info,postern_data_plane=debug",
        ),
        (
            Case::new().env("POSTERN_LOG_FORMAT", "xml"),
            "log.format (POSTERN_LOG_FORMAT): \"xml\" is not possible; allowed: text or json",
        ),
        (Case::new().env("POSTERN_DATA_DIR", ""), "data_dir (POSTERN_DATA_DIR): an empty value is not possible; allowed: a path"),
        (
            Case::new().file("[integrations]\nallowed_addresses = ['10.0.0.0/8']\n"),
            "integrations.allowed_addresses (postern.toml:2): \"10.0.0.0/8\" is not possible; allowed: a list of IP addresses",
        ),
        (
            Case::new().env("POSTERN_HTTP", "127.0.0.1:1").env("POSTERN_HTTP_ADDRESS", "127.0.0.1:2"),
            "http.address (POSTERN_HTTP_ADDRESS): POSTERN_HTTP says something else; allowed: one of the two variables",
        ),
    ];
    for (case, expected) in cases {
        assert_eq!(case.problems(), [expected]);
    }
}

#[test]
fn all_problems_are_reported_at_once() {
    let problems = Case::new()
        .file("account = 'x'\ncolour = 'red'\n[http]\naddress = 'nowhere'\n")
        .env("POSTERN_ACCOUNT", "y")
        .env("POSTERN_TYPO", "1")
        .flag(&table::MANAGEMENT_ADDRESS, "nowhere")
        .problems();
    assert_eq!(problems.len(), 6, "{problems:#?}");
}

#[test]
fn broken_syntax_and_missing_files_are_reported_with_the_rest() {
    let problems = Case::new().file("account = \n").env("POSTERN_ACCOUNT", "y").problems();
    assert!(problems.iter().any(|problem| problem.starts_with("syntax (postern.toml:1)")), "{problems:#?}");
    assert!(problems.iter().any(|problem| problem.starts_with("account (POSTERN_ACCOUNT)")), "{problems:#?}");
    let mut case = Case::new();
    case.sources.file = Some(PathBuf::from("absent.toml"));
    assert!(case.problems()[0].starts_with("--config (absent.toml): cannot be read"));
    let case = Case::new().env("POSTERN_CONFIG", "absent.toml");
    assert!(case.problems()[0].starts_with("--config (absent.toml): cannot be read"));
}

#[test]
fn dev_mode_is_for_loopback_only() {
    for address in ["127.0.0.1:0", "127.8.8.8:1", "[::1]:0", "[::ffff:127.0.0.1]:0", "localhost:0"] {
        let case = Case::new().env("POSTERN_DEV", "true").flag(&table::HTTP_ADDRESS, address);
        assert_eq!(case.read().unwrap().mode, Mode::Dev, "{address}");
    }
    let problems = Case::new()
        .flag(&table::DEV, "true")
        .flag(&table::HTTP_ADDRESS, "0.0.0.0:8080")
        .env("POSTERN_MANAGEMENT", "192.0.2.1:4566")
        .problems();
    assert_eq!(problems.len(), 2);
    assert!(
        problems[0].starts_with("management.address (POSTERN_MANAGEMENT): dev mode accepts every signature, and 192.0.2.1:4566")
    );
    assert!(problems[1].starts_with("http.address (--http): dev mode accepts every signature, and 0.0.0.0:8080"));
}

#[test]
fn https_is_refused_by_name() {
    let problems = Case::new().flag(&table::HTTPS_ADDRESS, "127.0.0.1:8443").read().unwrap_err();
    assert!(problems.ask_for_the_unimplemented());
    assert!(problems.to_string().contains("https.address (--https): `postern serve --https` is not implemented yet"));
    assert!(Case::new().file("[https]\naddress = '127.0.0.1:0'\n").read().unwrap_err().ask_for_the_unimplemented());
}

#[test]
fn names_are_unique() {
    let mut names: Vec<_> = KEYS.iter().flat_map(|key| key.env_names()).collect();
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count);
}

proptest! {
    #[test]
    fn no_file_and_no_variable_can_make_it_panic(text in "\\PC{0,200}", name in "POSTERN_[A-Z_]{0,20}", value in "\\PC{0,20}") {
        let _ = Case::new().file(&text).env(&name, &value).read();
    }
}
