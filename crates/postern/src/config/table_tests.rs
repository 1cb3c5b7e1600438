//! Tables of good and bad configurations, for the tables with names.
#![allow(clippy::unwrap_used)]

use std::os::unix::fs::PermissionsExt;

use postern_data_plane::backends::{FunctionTarget, ServiceEndpoint};
use postern_data_plane::tokens::{ClientIds, Reach};
use postern_functions::Launch;
use postern_functions::settings as functions;

use super::LineTarget;
use super::credentials::{KeySource, RoleSource, UnmappedRole};
use super::tables::{self, FUNCTIONS, Field, TABLES};
use super::tests::Case;
use super::token_issuers::DeclaredKeys;

const ROLE: &str = "arn:aws:iam::123456789012:role/service-role/name";

fn at(address: &str) -> ServiceEndpoint {
    ServiceEndpoint::At(address.parse().unwrap())
}

#[test]
fn functions_of_all_kinds() {
    let case = Case::new().file(
        "[functions.hello]\ndirectory = 'code/hello'\nhandler = 'app.handler'\nenvironment = { TABLE = 'pets' }\nmemory_mb = 256\ntimeout_ms = 5000\n\
         concurrency_min = 1\nconcurrency_max = 4\nidle_timeout_ms = 60000\non_failure = 'failed.jsonl'\n\
         [functions.built]\ndirectory = '/opt/built'\n\
         [functions.any]\ndirectory = '.'\ncommand = ['java', '-jar', 'x.jar']\nhandler = 'Pkg::run'\n\
         [functions.image]\nemulator = 'http://127.0.0.1:9000'\n[functions.sam]\nendpoint = 'http://127.0.0.1:3001'\n\
         [functions.\"arn:aws:lambda:eu-west-1:123456789012:function:far\"]\naws = true\n",
    );
    let declared = case.read().unwrap().functions;
    let root = case.directory.path();
    let local = |name: &str| declared.local.iter().find(|function| function.settings.name == name).unwrap().settings.clone();
    let hello = local("hello");
    assert_eq!(hello.directory, root.join("code/hello"));
    assert_eq!(hello.launch, Launch::Handler("app.handler".to_owned()));
    assert_eq!(hello.environment["TABLE"], "pets");
    assert_eq!((hello.memory_mb, hello.timeout.as_millis(), hello.idle_timeout.as_millis()), (256, 5000, 60000));
    assert_eq!((hello.concurrency_min, hello.concurrency_max), (1, 4));
    assert_eq!(hello.on_failure, Some(root.join("failed.jsonl")));
    assert_eq!(local("built").launch, Launch::Bootstrap);
    let command = ["java", "-jar", "x.jar"].map(str::to_owned).to_vec();
    assert_eq!(local("any").launch, Launch::Command { command, handler: Some("Pkg::run".to_owned()) });
    let elsewhere = |name: &str| &declared.elsewhere[name];
    assert_eq!(*elsewhere("image"), FunctionTarget::RuntimeInterfaceEmulator("http://127.0.0.1:9000".parse().unwrap()));
    assert_eq!(*elsewhere("sam"), FunctionTarget::Endpoint("http://127.0.0.1:3001".parse().unwrap()));
    assert_eq!(*elsewhere("arn:aws:lambda:eu-west-1:123456789012:function:far"), FunctionTarget::Aws);
}

#[test]
fn directories_start_at_the_file() {
    let mut case = Case::new();
    let elsewhere = case.directory.path().join("etc");
    std::fs::create_dir(&elsewhere).unwrap();
    std::fs::write(elsewhere.join("p.toml"), "[functions.a]\ndirectory = 'a'\n").unwrap();
    case.sources.file = Some("etc/p.toml".into());
    assert_eq!(case.read().unwrap().functions.local[0].settings.directory, elsewhere.join("a"));
}

#[test]
fn functions_by_flag() {
    let mut case = Case::new();
    case.sources.functions =
        ["hello=./hello:app.handler", "java=j:pkg.Class::method", "built=./built"].map(str::to_owned).to_vec();
    let local = case.read().unwrap().functions.local;
    let launches: Vec<_> = local.iter().map(|function| function.settings.launch.clone()).collect();
    let handler = |text: &str| Launch::Handler(text.to_owned());
    assert_eq!(launches, [handler("app.handler"), handler("pkg.Class::method"), Launch::Bootstrap]);
    assert_eq!(local[0].settings.directory, case.directory.path().join("./hello"));
    assert_eq!(local[0].settings.timeout.as_millis(), u128::from(functions::TIMEOUT_MS_DEFAULT));
}

#[test]
fn the_defaults_are_those_of_the_functions() {
    let default = |field: &Field| field.default.unwrap().to_owned();
    assert_eq!(default(&tables::TIMEOUT_MS), functions::TIMEOUT_MS_DEFAULT.to_string());
    assert_eq!(default(&tables::MEMORY_MB), functions::MEMORY_MB_DEFAULT.to_string());
    assert_eq!(default(&tables::CONCURRENCY_MAX), functions::CONCURRENCY_MAX_DEFAULT.to_string());
    assert_eq!(default(&tables::IDLE_TIMEOUT_MS), functions::IDLE_TIMEOUT_MS_DEFAULT.to_string());
    for field in TABLES.iter().flat_map(|table| table.fields) {
        assert!(field.default.is_none_or(|default| default.parse::<u64>().is_ok()), "{}", field.name);
    }
}

#[test]
fn issuers_of_tokens() {
    let pool = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_a";
    let case = Case::new().file(&format!(
        "[tokens]\nclock_skew_ms = 1500\nrefetch_interval_ms = 1000\nclient_id_fallback = true\n\
         [token_issuers.\"https://id.example.com\"]\njwks_uri = 'https://keys.internal:8443/keys'\nca_file = 'ca.pem'\n\
         [token_issuers.\"https://static.example.com/\"]\njwks_file = 'keys.json'\n\
         [token_issuers.\"{pool}\"]\nissuer = 'http://127.0.0.1:9/pool'\nallow_http = true\n\
         [token_issuers.\"https://found.example.com\"]\ndiscovery_uri = 'https://found.internal/doc'\nallow_http = false\n"
    ));
    let tokens = case.read().unwrap().tokens;
    assert_eq!((tokens.clock_skew.as_millis(), tokens.refetch_interval.as_millis()), (1500, 1000));
    assert_eq!(tokens.client_ids, ClientIds::AreAudiences);
    let root = case.directory.path();
    let issuer = |name: &str| tokens.issuers.iter().find(|issuer| issuer.name == name).unwrap();
    let id = issuer("https://id.example.com");
    assert_eq!(id.keys, DeclaredKeys::At("https://keys.internal:8443/keys".to_owned()));
    assert_eq!((&id.ca_file, id.reach), (&Some(root.join("ca.pem")), Reach::Https));
    assert_eq!(issuer("https://static.example.com/").keys, DeclaredKeys::File(root.join("keys.json")));
    assert_eq!(issuer(pool).issuer.as_deref(), Some("http://127.0.0.1:9/pool"));
    assert_eq!((&issuer(pool).keys, issuer(pool).reach), (&DeclaredKeys::Own, Reach::Plain));
    let found = DeclaredKeys::DiscoveredAt("https://found.internal/doc".to_owned());
    assert_eq!((&issuer("https://found.example.com").keys, issuer("https://found.example.com").reach), (&found, Reach::Https));
}

#[test]
fn issuers_that_make_no_sense() {
    let table = "[token_issuers.\"https://id.example.com\"]\n";
    for (text, part) in [
        ("[token_issuers.\"http://localhost\"]\n".to_owned(), "is asked over plain HTTP"),
        ("[token_issuers.\"ftp://id.example.com\"]\n".to_owned(), "is not a name that it can have"),
        ("[token_issuers.\"arn:aws:cognito-idp:us-east-1:1:userpool/a\"]\n".to_owned(), "is not a name that it can have"),
        (format!("{table}jwks_uri = 'http://a/keys'\n"), "http with allow_http = true"),
        (format!("{table}jwks_uri = 'keys.json'\n"), "is no https URL"),
        (format!("{table}jwks_uri = 'https://u:p@a/keys'\n"), "has user information or a fragment"),
        (format!("{table}jwks_uri = 'ftp://a'\nallow_http = true\n"), "is no https URL"),
        (format!("{table}jwks_uri = 'https://a'\njwks_file = 'b'\n"), "says more than once where the keys are"),
        (format!("{table}issuer = 'https://b'\n"), "an issuer that is named by its URL has no other"),
        (format!("{table}allow_http = 'yes'\n"), "true or false"),
        (format!("{table}audience = 'x'\n"), "audience"),
    ] {
        let problems = Case::new().file(&text).problems();
        assert!(problems.len() == 1 && problems[0].contains(part), "{text}: {problems:?}");
    }
}

#[test]
fn endpoints_of_services() {
    let case = || Case::new().env("AWS_ENDPOINT_URL", "http://env:1").env("AWS_ENDPOINT_URL_SFN", "http://env:2");
    let services = case().read().unwrap().services;
    assert_eq!(services.default, Some(at("http://env:1")));
    assert_eq!(services.by_service["states"], at("http://env:2"));
    let services =
        case().file("[services]\nendpoint = 'aws'\n[services.states]\nendpoint = 'http://file:3'\n").read().unwrap().services;
    assert_eq!(services.default, Some(ServiceEndpoint::Aws));
    assert_eq!(services.by_service["states"], at("http://file:3"));
    let services = case()
        .env("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")
        .env("POSTERN_SERVICES_ENDPOINT", "aws")
        .read()
        .unwrap()
        .services;
    assert_eq!((services.default, services.by_service.len()), (Some(ServiceEndpoint::Aws), 0));
    assert_eq!(Case::new().read().unwrap().services.default, None);
}

#[test]
fn credentials_of_roles() {
    let case = Case::new()
        .env("AWS_ACCESS_KEY_ID", "AKIAENV")
        .env("AWS_SECRET_ACCESS_KEY", "s3cret-env")
        .env("HOME", "/home/me")
        .file(&format!(
            "[credentials]\naccess_key_id = 'AKIADEFAULT'\nsecret_access_key = 's3cret'\nany_role = true\n[credentials.\"{ROLE}\"]\nassume_role = true\n\
             [credentials.\"{ROLE}2\"]\nprofile = 'work'\n[credentials.\"{ROLE}3\"]\nenvironment = true\n"
        ));
    let settings = case.read().unwrap();
    assert!(!format!("{settings:?} {:?}", case.sources).contains("s3cret"));
    let credentials = settings.credentials;
    let Some(KeySource::Known(default)) = credentials.default else { panic!("no default") };
    assert_eq!((default.access_key_id.as_str(), default.secret_access_key.expose()), ("AKIADEFAULT", "s3cret"));
    assert_eq!(credentials.unmapped, UnmappedRole::Default);
    assert_eq!(credentials.roles[ROLE], RoleSource::AssumeRole);
    assert_eq!(credentials.roles[&format!("{ROLE}2")], RoleSource::Key(KeySource::Profile("work".to_owned())));
    let RoleSource::Key(KeySource::Known(own)) = &credentials.roles[&format!("{ROLE}3")] else { panic!("no key") };
    assert_eq!(own.access_key_id, "AKIAENV");
    assert_eq!(credentials.shared_file, Some("/home/me/.aws/credentials".into()));
    // The environment of the server is for others until it is asked for.
    let credentials = Case::new().env("AWS_ACCESS_KEY_ID", "A").env("AWS_SECRET_ACCESS_KEY", "s").read().unwrap().credentials;
    assert_eq!((credentials.default, credentials.unmapped), (None, UnmappedRole::Refused));
    let case = Case::new().env("POSTERN_CREDENTIALS_PROFILE", "work");
    assert_eq!(case.read().unwrap().credentials.default, Some(KeySource::Profile("work".to_owned())));
}

#[test]
fn targets_of_links() {
    let arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/net/a/b";
    let case = Case::new()
        .file(&format!("[link_targets.\"{arn}\"]\naddresses = ['10.0.0.5:80', 'backend']\nhealth_check_path = '/health'\n"));
    let target = &case.read().unwrap().link_targets[arn];
    assert_eq!((target.addresses.len(), target.addresses[1].port), (2, None));
    assert_eq!(target.health_check_path.as_deref(), Some("/health"));
}

#[test]
fn what_is_wrong_is_said_with_its_line() {
    let kinds = "one of access_key_id with secret_access_key, profile, environment = true";
    let cases = [
        (
            "[functions.a]\nhandler = 'app.handler'\nemulator = 'http://127.0.0.1:1'\naws = true\n".to_owned(),
            "functions.a (postern.toml:1): `emulator` says that the function runs elsewhere, and `aws`, `handler` does not go with it; allowed: exactly one of emulator, endpoint and aws and nothing else, or none of them and a directory".to_owned(),
        ),
        (
            "[functions.a]\nhandler = 'app.handler'\n".to_owned(),
            "functions.a.directory (postern.toml:1): is missing; allowed: the directory of the function's code, or one of emulator, endpoint and aws".to_owned(),
        ),
        (
            "[functions.'a b']\naws = true\n".to_owned(),
            format!("functions (postern.toml:1): \"a b\" is not a name that it can have; allowed: {}", FUNCTIONS.names),
        ),
        (
            "[functions.a]\ndirectory = '.'\n\ntimeout = 3\n".to_owned(),
            "functions.a.timeout (postern.toml:4): there is no such key; allowed: did you mean functions.a.timeout_ms?".to_owned(),
        ),
        (
            "[functions.a]\ndirectory = '.'\ntimeout_ms = '3'\n".to_owned(),
            "functions.a.timeout_ms (postern.toml:3): \"3\" is not possible; allowed: a whole number of ms from 1 to 900000".to_owned(),
        ),
        (
            "[functions.a]\ndirectory = '.'\nconcurrency_min = 5\nconcurrency_max = 2\n".to_owned(),
            "functions.a.concurrency_min (postern.toml:3): 5 is more than concurrency_max; allowed: up to 2".to_owned(),
        ),
        (
            "[functions.a]\naws = false\n".to_owned(),
            "functions.a.aws (postern.toml:2): false is not possible; allowed: true or false".to_owned(),
        ),
        (
            "[services.sfn]\nendpoint = 'aws'\n".to_owned(),
            "services (postern.toml:1): \"sfn\" is not a name that it can have; allowed: did you mean services.states?".to_owned(),
        ),
        (
            "[services.sqs]\n".to_owned(),
            "services.sqs.endpoint (postern.toml:1): is missing; allowed: aws, or an address such as http://127.0.0.1:4566".to_owned(),
        ),
        (
            "[services]\nendpoint = 'here'\n".to_owned(),
            "services.endpoint (postern.toml:2): \"here\" is not possible; allowed: aws, or an address such as http://127.0.0.1:4566".to_owned(),
        ),
        (
            "[credentials]\naccess_key_id = 'A'\n".to_owned(),
            format!("credentials (postern.toml:2): a key needs access_key_id and secret_access_key; allowed: {kinds}"),
        ),
        (
            "[credentials]\nsecret_access_key = 7\n".to_owned(),
            "credentials.secret_access_key (postern.toml:2): a value that is not text is not possible; allowed: text, which is never shown".to_owned(),
        ),
        (
            format!("[credentials.\"{ROLE}\"]\nassume_role = true\nprofile = 'p'\n"),
            format!("credentials.\"{ROLE}\" (postern.toml:1): `assume_role` does not go with a key; allowed: {kinds}, assume_role = true"),
        ),
        (
            format!("[credentials.\"{ROLE}\"]\n"),
            format!("credentials.\"{ROLE}\" (postern.toml:1): says nothing of what to sign with; allowed: {kinds}, assume_role = true"),
        ),
        (
            "[link_targets.\"arn:aws:elasticloadbalancing:us-east-1:1:loadbalancer/x\"]\naddresses = ['a:b']\n".to_owned(),
            "link_targets.\"arn:aws:elasticloadbalancing:us-east-1:1:loadbalancer/x\".addresses (postern.toml:2): \"a:b\" is not possible; allowed: a list of addresses such as 10.0.0.5:8080, [fd00::5]:8080 or backend.internal".to_owned(),
        ),
    ];
    for (file, expected) in cases {
        assert_eq!(Case::new().file(&file).problems(), [expected], "{file}");
    }
    let problems = Case::new().env("AWS_ENDPOINT_URL_SQS", "sqs").problems();
    assert!(problems[0].starts_with("AWS_ENDPOINT_URL_SQS (AWS_ENDPOINT_URL_SQS): \"sqs\" is not possible"), "{problems:?}");
}

#[test]
fn one_declaration_of_a_function() {
    let mut case = Case::new().file("[functions.a]\naws = true\n");
    case.sources.functions = ["a=.:x.y", "b=.:x.y", "b=./other:x.y", "=.", "c"].map(str::to_owned).to_vec();
    let problems = case.problems();
    assert_eq!(problems.len(), 4, "{problems:#?}");
    assert!(problems[0].contains("the function a is also declared by postern.toml:1; allowed: one declaration"), "{problems:#?}");
    assert!(problems[1].contains("the function b is also declared by --function"), "{problems:#?}");
    assert!(problems[2].contains("NAME=DIR:HANDLER"), "{problems:#?}");
}

#[test]
fn code_that_is_not_there_is_said_before_anything_starts() {
    let mut case = Case::new();
    case.sources.functions = ["a=./absent:x.y", "b=."].map(str::to_owned).to_vec();
    let problems = case.read().unwrap().functions.check().unwrap_err().0;
    let texts: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert!(texts[0].starts_with("functions.a (--function): ") && texts[0].contains("absent is no directory"), "{texts:#?}");
    assert!(texts[1].contains("has no file bootstrap"), "{texts:#?}");
}

#[test]
fn a_secret_that_others_can_read_is_warned_of() {
    let warnings = |text: &str, mode: u32| {
        let case = Case::new().file(text);
        let file = case.directory.path().join("postern.toml");
        std::fs::set_permissions(file, std::fs::Permissions::from_mode(mode)).unwrap();
        case.read().unwrap().warnings
    };
    let key = "access_key_id = 'A'\nsecret_access_key = 's'\n";
    assert!(warnings(&format!("[credentials]\n{key}"), 0o644)[0].contains("chmod 600 postern.toml"));
    assert_eq!(warnings(&format!("[credentials.\"{ROLE}\"]\n{key}"), 0o604).len(), 1);
    assert!(warnings(&format!("[credentials]\n{key}"), 0o640).is_empty());
    assert!(warnings("dev = false\n", 0o644).is_empty());
}

#[test]
fn log_destinations() {
    let group = "arn:aws:logs:eu-west-1:123456789012:log-group:/api/pets";
    let case = Case::new().file(&format!(
        "[log_destinations.\"{group}\"]\ntarget = '/var/log/pets.log'\n[log_destinations.\"/api/all\"]\ntarget = 'stdout'\n\
         [log_destinations.amazon-apigateway-x]\ntarget = 'off'\n"
    ));
    let destinations = case.read().unwrap().log_destinations;
    assert_eq!(destinations[group], LineTarget::File("/var/log/pets.log".into()));
    assert_eq!(destinations["/api/all"], LineTarget::Stdout);
    assert_eq!(destinations["amazon-apigateway-x"], LineTarget::Off);
    for wrong in [
        format!("\"{group}:*\"]\ntarget = 'off'"),
        "\"a b\"]\ntarget = 'off'".to_owned(),
        "x]\n".to_owned(),
        "x]\ntarget = ''".to_owned(),
    ] {
        assert!(Case::new().file(&format!("[log_destinations.{wrong}\n")).read().is_err(), "{wrong}");
    }
}

#[test]
fn metrics_name_apis_where_nobody_is_told_apart_unless_said_otherwise() {
    for (file, expected) in [
        ("", false),
        ("dev = true\n", true),
        ("[metrics]\nper_api = true\n", true),
        ("dev = true\n[metrics]\nper_api = false\n", false),
    ] {
        assert_eq!(Case::new().file(file).read().unwrap().metrics_per_api, expected, "{file}");
    }
}
