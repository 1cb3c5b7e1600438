//! The command line. Values stay text here: the configuration checks them together with what the other sources say, so that
//! every mistake is reported at once.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::config::table::{self, Key};
use crate::config::{Invocation, Sources};

/// Self-hosted API gateway that speaks Amazon API Gateway.
#[derive(Debug, Parser)]
#[command(name = "postern", version, subcommand_required = true, arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the management API and the deployed APIs
    #[command(long_about = SERVE_ABOUT, after_long_help = SERVE_HELP)]
    Serve(ServeArgs),
    /// Make, list and revoke access keys; also beside a running server, with effect within a second
    Keys(KeysArgs),
    /// Import, deploy and serve OpenAPI files; nothing is kept
    #[command(after_long_help = RUN_HELP)]
    Run(RunArgs),
    /// Render a mapping template with what it reads from a file
    #[command(after_long_help = TEMPLATE_HELP)]
    Template(TemplateArgs),
    /// Say in words what would fail; changes nothing, also beside a running server
    #[command(after_long_help = DOCTOR_HELP)]
    Doctor(DoctorArgs),
}

const SERVE_ABOUT: &str = "\
Serve the management API and the deployed APIs.

AWS clients (SDKs, the CLI, Terraform) manage APIs at the management address; API clients call them at the http address. \
When both are ready, one line on stdout says so:

    postern ready management=http://127.0.0.1:4566 http=http://127.0.0.1:8080

Logs go to stderr. SIGTERM or Ctrl-C finishes the requests under way and exits 0; a second signal exits at once.";

const SERVE_HELP: &str = "\
First steps:

    postern serve
    export AWS_SHARED_CREDENTIALS_FILE=$PWD/postern-data/credentials AWS_DEFAULT_REGION=us-east-1
    aws --endpoint-url http://127.0.0.1:4566 apigateway create-rest-api --name hello

The first start makes an access key and writes it to DIR/credentials. With --dev any key and signature will do.

A deployed API answers under its host name and, without wildcard DNS, under a path:

    http://API-ID.execute-api.localhost:8080/STAGE/...
    http://127.0.0.1:8080/_aws/execute-api/API-ID/STAGE/...

Health and metrics are at /_postern/health and /_postern/metrics of the management address.

Every flag is also a key of postern.toml and a variable POSTERN_*; docs/configuration.md lists these and the rest. \
A flag wins over the environment, the environment over the file. Unknown keys are errors.";

const RUN_HELP: &str = "\
Each file becomes a REST API of its own, deployed to the stage. Once all are served, one line on stdout says so, and a line for \
each route follows:

    postern ready management=http://127.0.0.1:4566 http=http://127.0.0.1:8080

A document without any x-amazon-apigateway-integration gets MOCK integrations, made from its examples and schemas. References to \
other files are followed below the document's directory. What is wrong is shown as FILE:LINE:COLUMN.

Everything is kept in a temporary directory, which SIGTERM and Ctrl-C remove. Any access key and signature is accepted, on loopback \
addresses only. Configuration is read as by `postern serve`, but for the data directory.";

const TEMPLATE_HELP: &str = "\
The input is a JSON object; every member may be left out, and unknown ones are errors:

    {
      \"body\": {\"name\": \"Rex\"},
      \"params\": {\"path\": {\"id\": \"1\"}, \"querystring\": {\"tag\": [\"a\", \"b\"]}, \"header\": {\"Accept\": \"*/*\"}},
      \"context\": {\"stage\": \"prod\", \"identity\": {\"sourceIp\": \"192.0.2.1\"}},
      \"stageVariables\": {\"table\": \"pets\"}
    }

The body is a string, taken as it is, or JSON, taken as its text. A list gives a parameter several values.

The rendered text goes to stdout as it is, and what the template overrides to stderr. A template that fails is shown \
with the place, as FILE:LINE:COLUMN, and the exit code is 1.";

const DOCTOR_HELP: &str = "\
Looks at the configuration, the machine, the data directory and every stage in it: what requests would meet. A line for each thing, \
beginning with ok, warning or error, and what to change. The exit code is 1 when there is an error.";

/// `postern doctor`.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Configuration file [env: POSTERN_CONFIG] [default: postern.toml in the working directory, if it exists]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Directory that the server uses [env: POSTERN_DATA_DIR] [default: ./postern-data]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// `postern template`.
#[derive(Debug, Args)]
pub struct TemplateArgs {
    /// The template
    #[arg(value_name = "FILE")]
    pub template: PathBuf,
    /// What it reads: a JSON file with body, params, context and stageVariables [default: all empty]
    #[arg(long, value_name = "FILE")]
    pub input: Option<PathBuf>,
}

/// `postern serve`.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Configuration file [env: POSTERN_CONFIG] [default: postern.toml in the working directory, if it exists]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Directory that holds everything that must last [env: POSTERN_DATA_DIR] [default: ./postern-data]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<String>,
    /// Address for AWS clients; port 0 takes a free one [env: POSTERN_MANAGEMENT] [default: 127.0.0.1:4566]
    #[arg(long, value_name = "ADDR")]
    management: Option<String>,
    /// Address for API clients; port 0 takes a free one [env: POSTERN_HTTP] [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR")]
    http: Option<String>,
    /// Address for API clients over TLS (not implemented yet) [env: POSTERN_HTTPS]
    #[arg(long, value_name = "ADDR")]
    https: Option<String>,
    /// Account of the first access key, and of callers under --dev [env: POSTERN_ACCOUNT] [default: 000000000000]
    #[arg(long, value_name = "ID")]
    account: Option<String>,
    /// Accept any access key and signature; needs every listener on loopback [env: POSTERN_DEV]
    #[arg(long)]
    dev: bool,
    /// A Lambda function that runs here: its code's directory, and its handler, such as hello=./hello:app.handler; without a handler,
    /// the directory has an executable bootstrap (repeatable)
    #[arg(long, value_name = "NAME=DIR:HANDLER")]
    function: Vec<String>,
}

/// `postern run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// OpenAPI 3.0, 3.1 or Swagger 2.0 documents, in YAML or JSON
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Stage that the APIs are deployed to
    #[arg(long, value_name = "NAME", default_value = "dev")]
    pub stage: String,
    /// Deploy again when a file changes, and say what changed
    #[arg(long)]
    pub watch: bool,
    /// A Lambda function that the documents name and that runs here: its code's directory, and its handler, such as
    /// hello=./hello:app.handler; without a handler, the directory has an executable bootstrap (repeatable)
    #[arg(long, value_name = "NAME=DIR:HANDLER")]
    function: Vec<String>,
    /// Configuration file [env: POSTERN_CONFIG] [default: postern.toml in the working directory, if it exists]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Address for AWS clients; port 0 takes a free one [env: POSTERN_MANAGEMENT] [default: 127.0.0.1:4566]
    #[arg(long, value_name = "ADDR")]
    management: Option<String>,
    /// Address for API clients; port 0 takes a free one [env: POSTERN_HTTP] [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR")]
    http: Option<String>,
    /// Address for API clients over TLS (not implemented yet) [env: POSTERN_HTTPS]
    #[arg(long, value_name = "ADDR")]
    https: Option<String>,
    /// Account that the APIs belong to [env: POSTERN_ACCOUNT] [default: 000000000000]
    #[arg(long, value_name = "ID")]
    account: Option<String>,
}

/// `postern keys`.
#[derive(Debug, Args)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub struct KeysArgs {
    /// Configuration file [env: POSTERN_CONFIG] [default: postern.toml in the working directory, if it exists]
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    /// Directory that the server uses [env: POSTERN_DATA_DIR] [default: ./postern-data]
    #[arg(long, value_name = "DIR", global = true)]
    data_dir: Option<String>,
    /// Account that the keys belong to; `revoke` finds a key by its id alone [env: POSTERN_ACCOUNT] [default: 000000000000]
    #[arg(long, value_name = "ID", global = true)]
    account: Option<String>,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
    /// What to do with them.
    #[command(subcommand)]
    pub action: KeysAction,
}

/// What `postern keys` does.
#[derive(Debug, Subcommand)]
pub enum KeysAction {
    /// Make an access key for the account and print it, secret included: it is shown this once
    Create {
        /// An IAM policy (JSON) that says what the key may do; without one it may do everything in its account
        #[arg(long, value_name = "FILE")]
        policy: Option<PathBuf>,
        /// Lend it for this many seconds, 900 to 129600: it signs with a session token, and no longer than that
        #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(i64).range(900..=129_600))]
        session_duration: Option<i64>,
    },
    /// List the account's access keys, without their secrets
    List,
    /// Revoke an access key for good
    Revoke {
        /// Its id, as `list` shows it
        #[arg(value_name = "KEY_ID")]
        key_id: String,
    },
    /// Print the key that tokens for the execution log of a live request are made with (docs/execution-log.md)
    LogKey,
}

/// How `postern keys` and `postern doctor` print.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// For people.
    Table,
    /// For programs.
    Json,
}

impl ServeArgs {
    /// Together with the environment and the working directory of `invocation`.
    pub fn sources(self, invocation: Invocation) -> Sources {
        let dev = self.dev.then(|| "true".to_owned());
        let flags = [
            (&table::DATA_DIR, self.data_dir),
            (&table::MANAGEMENT_ADDRESS, self.management),
            (&table::HTTP_ADDRESS, self.http),
            (&table::HTTPS_ADDRESS, self.https),
            (&table::ACCOUNT, self.account),
            (&table::DEV, dev),
        ];
        Sources { flags: given(flags), file: self.config, functions: self.function, invocation }
    }
}

impl RunArgs {
    /// Together with the environment and the working directory of `invocation`, and always in dev mode.
    pub fn sources(&self, invocation: Invocation) -> Sources {
        let flags = [
            (&table::MANAGEMENT_ADDRESS, self.management.clone()),
            (&table::HTTP_ADDRESS, self.http.clone()),
            (&table::HTTPS_ADDRESS, self.https.clone()),
            (&table::ACCOUNT, self.account.clone()),
            (&table::DEV, Some("true".to_owned())),
        ];
        Sources { flags: given(flags), file: self.config.clone(), functions: self.function.clone(), invocation }
    }
}

impl KeysArgs {
    /// Together with the environment and the working directory of `invocation`.
    pub fn sources(&self, invocation: Invocation) -> Sources {
        let flags = [(&table::DATA_DIR, self.data_dir.clone()), (&table::ACCOUNT, self.account.clone())];
        Sources { flags: given(flags), file: self.config.clone(), functions: Vec::new(), invocation }
    }

    /// As asked for.
    pub fn output(&self) -> Output {
        if self.json { Output::Json } else { Output::Table }
    }
}

impl DoctorArgs {
    /// Together with the environment and the working directory of `invocation`.
    pub fn sources(&self, invocation: Invocation) -> Sources {
        let flags = [(&table::DATA_DIR, self.data_dir.clone())];
        Sources { flags: given(flags), file: self.config.clone(), functions: Vec::new(), invocation }
    }

    /// As asked for.
    pub fn output(&self) -> Output {
        if self.json { Output::Json } else { Output::Table }
    }
}

fn given<const N: usize>(flags: [(&'static Key, Option<String>); N]) -> Vec<(&'static Key, String)> {
    flags.into_iter().filter_map(|(key, value)| Some((key, value?))).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use clap::CommandFactory;

    use super::*;
    use crate::config::table::KEYS;

    /// Without line breaks, which depend on the terminal.
    fn help(command: &str) -> String {
        let help = Cli::command().find_subcommand_mut(command).unwrap().render_long_help().to_string();
        help.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_commands_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn serve_help_is_enough_to_start() {
        let help = help("serve");
        for needed in
            ["postern ready management=", "credentials", "create-rest-api", "execute-api", "/_postern/health", "SIGTERM"]
        {
            assert!(help.contains(needed), "{needed} is not in\n{help}");
        }
    }

    #[test]
    fn serve_help_names_every_flag_its_variable_and_default() {
        let help = help("serve");
        for key in KEYS.iter().filter(|key| key.flag.is_some()) {
            let flag = key.flag.unwrap();
            assert!(help.contains(flag), "{flag}");
            let variable = key.env_names().next().unwrap();
            assert!(help.contains(&format!("[env: {variable}]")), "{variable}");
            if let Some(default) = key.default.filter(|default| *default != "false") {
                assert!(help.contains(&format!("[default: {default}]")), "{default}");
            }
        }
    }

    #[test]
    fn flags_of_keys_stand_before_and_after_the_action() {
        for line in [["keys", "--account", "1", "create"], ["keys", "create", "--account", "1"]] {
            let cli = Cli::try_parse_from(std::iter::once("postern").chain(line)).unwrap();
            let Command::Keys(keys) = cli.command else { panic!("not keys") };
            assert_eq!(keys.account.as_deref(), Some("1"));
        }
    }

    #[test]
    fn template_help_shows_the_input() {
        let help = help("template");
        for needed in ["\"body\"", "\"params\"", "\"querystring\"", "\"context\"", "\"stageVariables\"", "string, taken as it is"]
        {
            assert!(help.contains(needed), "{needed} is not in\n{help}");
        }
    }
}
