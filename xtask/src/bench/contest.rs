//! The proxies that are compared, the backend behind them, and the proof that they do the same work.

use std::env;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::ValueEnum;

use super::backend::{BODY_BYTES, ECHO};
use super::failure::{Doing, Failure, Outcome};
use super::http::{Answer, Connection, request_bytes};
use super::machine;
use super::management::{ApiKey, Management, Place, STAGE};
use super::metered;
use super::postern::Home;
use super::process::{Cpus, Running, free_address};

/// Resources of the API, each with its own route, so that routing has something to choose from.
const RESOURCES: usize = 20;
/// The resource that is asked for.
const ASKED_RESOURCE: usize = 13;
/// The resource whose MOCK method renders a template,
const MOCK_RESOURCE: &str = "mock";
/// the template of about 1 KB,
const MOCK_TEMPLATE: &str = include_str!("templates/mock.vtl");
/// and what it renders to for every request of the bench.
const MOCK_TEXT: &str = include_str!("templates/mock.json");
/// The API id that nginx and haproxy know when Postern, which chooses ids itself, is left out.
const STAND_IN_API: &str = "benchbench";

/// One of the proxies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Proxy {
    /// nginx doing a gateway's work: the measure of all ratios.
    Nginx,
    /// nginx as a bare pipe; only its instructions are counted.
    #[value(skip)]
    NginxBare,
    /// nginx doing a gateway's work but numbering requests where a gateway draws random ids; only its instructions are counted.
    #[value(skip)]
    NginxNumbering,
    /// haproxy doing a gateway's work.
    Haproxy,
    /// Postern, one worker.
    Postern,
}

impl Proxy {
    /// Its name in the tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nginx => "nginx",
            Self::NginxBare => "nginx, bare pipe",
            Self::NginxNumbering => "nginx, numbers for random ids",
            Self::Haproxy => "haproxy",
            Self::Postern => "Postern",
        }
    }

    fn directory_name(self) -> &'static str {
        match self {
            Self::Nginx => "nginx",
            Self::NginxBare => "nginx-bare",
            Self::NginxNumbering => "nginx-numbering",
            Self::Haproxy => "haproxy",
            Self::Postern => "postern",
        }
    }
}

/// What the proxies are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// A method that proxies to the backend.
    Proxy,
    /// A method that answers with a rendered template.
    Mock,
}

/// Who may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// Everybody.
    Open,
    /// Whoever has one of the API keys, within the limits of a usage plan.
    Metered,
}

/// What goes between the processors and the proxy.
#[derive(Debug, Clone, Copy)]
pub enum Under<'a> {
    /// Nothing.
    Nothing,
    /// callgrind, which writes its count to this file.
    Callgrind(&'a Path),
}

/// A proxy that answers.
pub struct Started {
    /// The process.
    pub running: Running,
    /// Where it listens.
    pub address: SocketAddr,
}

/// The backend and the proxies' configurations.
pub struct Contest {
    scratch: PathBuf,
    backend_address: SocketAddr,
    /// None only for the moment between two backends.
    backend: Option<Running>,
    postern: Option<Home>,
    api: String,
    question: Question,
    entry: Entry,
}

impl Contest {
    /// Starts the backend, and gives Postern (when there is a binary) its API.
    pub fn prepare(scratch: &Path, binary: Option<&Path>, entry: Entry) -> Outcome<Self> {
        let backend_address = free_address()?;
        let backend = Some(start_backend(backend_address, scratch)?);
        let mut contest = Self {
            scratch: scratch.to_owned(),
            backend_address,
            backend,
            postern: None,
            api: STAND_IN_API.into(),
            question: Question::Proxy,
            entry,
        };
        if let Some(binary) = binary {
            let home = Home { binary: binary.to_owned(), directory: contest.directory(Proxy::Postern)? };
            contest.api = configure_postern(&home, backend_address, entry)?;
            contest.postern = Some(home);
        }
        Ok(contest)
    }

    /// The same with another question.
    #[must_use]
    pub fn asking(self, question: Question) -> Self {
        Self { question, ..self }
    }

    /// A directory for the bench's own files.
    pub fn scratch(&self) -> &Path {
        &self.scratch
    }

    /// Where a proxy writes its access log.
    pub fn access_log(&self, proxy: Proxy) -> PathBuf {
        self.scratch.join(proxy.directory_name()).join("access.log")
    }

    /// What every proxy is asked.
    pub fn path(&self) -> String {
        match self.question {
            Question::Proxy => format!("/{STAGE}/items{ASKED_RESOURCE}/42"),
            Question::Mock => format!("/{STAGE}/{MOCK_RESOURCE}"),
        }
    }

    /// The header lines of every request: those that curl would send, and the API key where one is needed.
    pub fn headers(&self) -> Vec<String> {
        let mut headers = vec![format!("Host: {}", self.host()), "User-Agent: bench/1.0".to_owned(), "Accept: */*".to_owned()];
        if self.entry == Entry::Metered {
            headers.push(format!("X-API-Key: {}", metered::asked_key()));
        }
        headers
    }

    /// Starts a proxy on its processor and waits until it listens.
    pub fn start(&self, proxy: Proxy, under: Under<'_>) -> Outcome<Started> {
        let directory = self.directory(proxy)?;
        let log = directory.join("output.log");
        if let Proxy::Postern = proxy {
            let home = self.postern.as_ref().ok_or_else(|| Failure::new("Postern was not prepared"))?;
            let serving = home.serve(command(under, &home.binary))?;
            return Ok(Started { running: serving.running, address: serving.http });
        }
        let address = free_address()?;
        let mut running = Running::start(proxy.name(), self.peer_command(proxy, under, address, &directory)?, &log)?;
        running.wait_for(address, &log)?;
        Ok(Started { running, address })
    }

    /// Stops the backend and starts another at the same address.
    pub fn restart_backend(&mut self) -> Outcome<()> {
        // Dropping the old one kills it, so its connections are reset, and frees the port.
        self.backend = None;
        self.backend = Some(start_backend(self.backend_address, &self.scratch)?);
        Ok(())
    }

    /// Fails unless the proxy adds to the request and the answer what a gateway adds.
    pub fn check_same_work(&self, proxy: Proxy) -> Outcome<()> {
        const REQUEST_FIELDS: &[&str] =
            &["x-forwarded-for:", "x-forwarded-proto:", "x-forwarded-port:", "x-amzn-trace-id:", "x-amzn-apigateway-api-id:"];
        const ANSWER_FIELDS: &[&str] = &[
            "x-amzn-requestid",
            "x-amz-apigw-id",
            "x-amzn-trace-id",
            "x-amzn-remapped-date",
            "x-amzn-remapped-connection",
            "x-amzn-remapped-content-length",
        ];
        let started = self.start(proxy, Under::Nothing)?;
        let mut connection = Connection::open(started.address)?;
        let plain = self.ask(&mut connection)?;
        if plain.status != 200 || plain.body.len() != BODY_BYTES {
            return Err(Failure::new(format!("{} answered {}: {}", proxy.name(), plain.status, plain.text())));
        }
        let echo_path = format!("/{STAGE}/items{ASKED_RESOURCE}{ECHO}");
        let echo = connection.exchange(&request_bytes("GET", &echo_path, &self.headers(), b""))?;
        let seen = echo.text().to_ascii_lowercase();
        let unsent = REQUEST_FIELDS.iter().find(|field| !seen.contains(*field));
        let unanswered = ANSWER_FIELDS.iter().find(|field| plain.header(field).is_none());
        if let Some(field) = unsent.or(unanswered) {
            return Err(Failure::new(format!("{} does not do the same work: no {field} in\n{seen}{plain:?}", proxy.name())));
        }
        Ok(())
    }

    /// Fails unless each proxy answers the mock's text.
    pub fn check_same_text(&self, proxies: &[Proxy]) -> Outcome<()> {
        for proxy in proxies {
            let started = self.start(*proxy, Under::Nothing)?;
            let answer = self.ask(&mut Connection::open(started.address)?)?;
            if answer.status != 200 || answer.text() != MOCK_TEXT {
                return Err(Failure::new(format!("{} answered {}: {}", proxy.name(), answer.status, answer.text())));
            }
        }
        Ok(())
    }

    /// Fails unless each proxy answers those alone who have a key.
    pub fn check_keys(&self, proxies: &[Proxy]) -> Outcome<()> {
        let host = format!("Host: {}", self.host());
        for proxy in proxies {
            let started = self.start(*proxy, Under::Nothing)?;
            for (key, expected) in [(None, 403), (Some("of-nobody".to_owned()), 403), (Some(metered::asked_key()), 200)] {
                let headers: Vec<String> = key.iter().map(|key| format!("X-API-Key: {key}")).chain([host.clone()]).collect();
                let answer = Connection::open(started.address)?.exchange(&request_bytes("GET", &self.path(), &headers, b""))?;
                if answer.status != expected {
                    let (name, status) = (proxy.name(), answer.status);
                    return Err(Failure::new(format!("{name} answered {status} and not {expected} to the key {key:?}")));
                }
            }
        }
        Ok(())
    }

    /// One request over an open connection.
    pub fn ask(&self, connection: &mut Connection) -> Outcome<Answer> {
        connection.exchange(&request_bytes("GET", &self.path(), &self.headers(), b""))
    }

    fn host(&self) -> String {
        format!("{}.execute-api.us-east-1.bench.test", self.api)
    }

    /// The proxy's own directory; its access log starts anew, so that a long bench does not fill the disk.
    fn directory(&self, proxy: Proxy) -> Outcome<PathBuf> {
        let directory = self.scratch.join(proxy.directory_name());
        fs::create_dir_all(&directory).doing(|| format!("creating {}", directory.display()))?;
        match fs::remove_file(directory.join("access.log")) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error).doing(|| "removing a log".into()),
            _ => Ok(directory),
        }
    }

    fn peer_command(&self, proxy: Proxy, under: Under<'_>, listen: SocketAddr, directory: &Path) -> Outcome<Command> {
        let config = directory.join("config");
        let write = |path: &Path, text: String| fs::write(path, text).doing(|| format!("writing {}", path.display()));
        match proxy {
            Proxy::Haproxy => {
                let routes = (0..RESOURCES).map(|number| format!("/{STAGE}/items{number}/ items\n")).collect();
                write(&directory.join("routes.map"), routes)?;
                write(&config, self.fill(include_str!("templates/haproxy.cfg"), listen, directory))?;
                let mut command = command(under, &machine::find("haproxy"));
                command.arg("-db").arg("-f").arg(&config);
                Ok(command)
            }
            Proxy::Nginx | Proxy::NginxBare | Proxy::NginxNumbering | Proxy::Postern => {
                let gateway = include_str!("templates/nginx.conf");
                let gateway = metered::nginx(gateway, self.entry);
                let template = match proxy {
                    Proxy::NginxBare => include_str!("templates/nginx-bare.conf").to_owned(),
                    Proxy::NginxNumbering => gateway.replace("$request_id", "$connection-$connection_requests"),
                    _ => gateway,
                };
                write(&config, self.fill(&template, listen, directory))?;
                let mut command = command(under, &machine::find("nginx"));
                command.arg("-c").arg(&config).arg("-e").arg("stderr");
                Ok(command)
            }
        }
    }

    fn fill(&self, template: &str, listen: SocketAddr, directory: &Path) -> String {
        let location =
            |number| format!("        location /{STAGE}/items{number}/ {{ proxy_pass http://backend/items{number}/; }}\n");
        template
            .replace("@LISTEN@", &listen.to_string())
            .replace("@BACKEND@", &self.backend_address.to_string())
            .replace("@DIRECTORY@", &directory.display().to_string())
            .replace("@HOST@", &self.host())
            .replace("@API@", &self.api)
            .replace("@STAGE@", STAGE)
            .replace("@ROUTES@\n", &(0..RESOURCES).map(location).collect::<String>())
            .replace("@MOCK@", &format!("/{STAGE}/{MOCK_RESOURCE}"))
            // In single quotes nginx reads `\` and `$` as its own; the text has no `$` and no single quote.
            .replace("@MOCK_TEXT@", &MOCK_TEXT.replace('\\', "\\\\"))
    }
}

fn command(under: Under<'_>, program: &Path) -> Command {
    match under {
        Under::Nothing => Cpus::Measured.command(program),
        Under::Callgrind(file) => {
            let mut command = Cpus::Measured.command("valgrind");
            command.arg("--tool=callgrind").arg(format!("--callgrind-out-file={}", file.display())).arg(program);
            command
        }
    }
}

fn start_backend(address: SocketAddr, scratch: &Path) -> Outcome<Running> {
    let this = env::current_exe().doing(|| "finding this program".into())?;
    let log = scratch.join("backend.log");
    let mut command = Cpus::Others.command(this);
    command.args(["bench", "backend", "--listen", &address.to_string()]);
    let mut backend = Running::start("backend", command, &log)?;
    backend.wait_for(address, &log)?;
    Ok(backend)
}

/// Makes and deploys the API in Postern's data directory, which later starts find there; returns its id.
fn configure_postern(home: &Home, backend: SocketAddr, entry: Entry) -> Outcome<String> {
    let serving = home.serve(Cpus::Any.command(&home.binary))?;
    let mut management = Management::open(serving.management)?;
    let api = management.create_rest_api("bench")?;
    let key = if entry == Entry::Metered { ApiKey::Required } else { ApiKey::Unread };
    for number in 0..RESOURCES {
        let part = format!("items{number}");
        let items = management.create_resource(Place { api: &api.id, resource: &api.root }, &part)?;
        let item = management.create_resource(Place { api: &api.id, resource: &items }, "{id}")?;
        let uri = format!("http://{backend}/{part}/{{id}}");
        management.put_proxy(Place { api: &api.id, resource: &item }, &uri, key)?;
    }
    let mock = management.create_resource(Place { api: &api.id, resource: &api.root }, MOCK_RESOURCE)?;
    management.put_mock_template(Place { api: &api.id, resource: &mock }, MOCK_TEMPLATE, key)?;
    management.deploy(&api.id)?;
    if entry == Entry::Metered {
        metered::add_keys(&mut management, &api.id, metered::LIMIT)?;
    }
    serving.running.terminate()?;
    Ok(api.id)
}
