//! The Python environment that conformance runs in: `python/` under the target directory, made from pinned requirements.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::process;
use crate::workspace;

/// Oldest Python that the pinned pytest runs on.
const PYTHON_MINOR_MIN: u32 = 10;

/// A copy of the requirements that the environment was made from; as long as it is equal, the environment is up to date.
const STAMP: &str = "postern-requirements.txt";

/// A Python environment that holds what `conformance/requirements.txt` pins.
pub(crate) struct Environment {
    dir: PathBuf,
}

impl Environment {
    /// The environment, made or brought up to date when needed.
    ///
    /// # Errors
    /// When this machine lacks python3, its venv module or the network; says which, and what to install.
    pub(crate) fn prepare() -> Result<Self, String> {
        let environment = Self { dir: workspace::target_dir().join("python") };
        let requirements = workspace::root().join("conformance/requirements.txt");
        let wanted =
            fs::read_to_string(&requirements).map_err(|error| format!("cannot read {}: {error}", requirements.display()))?;
        let stamp = environment.dir.join(STAMP);
        if fs::read_to_string(&stamp).is_ok_and(|made_from| made_from == wanted) && environment.works() {
            return Ok(environment);
        }

        println!("Installing conformance/requirements.txt into {}", environment.dir.display());
        check_python()?;
        process::run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment.dir)).map_err(|error| {
            format!("{error}\npython3 has no working venv module; on Debian and Ubuntu: apt-get install python3-venv")
        })?;
        let mut install = environment.python();
        install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]).arg(&requirements);
        process::run(&mut install).map_err(|error| {
            format!("{error}\npip needs the network, or a mirror named in PIP_INDEX_URL, to fetch boto3 and awscli")
        })?;
        fs::write(&stamp, wanted).map_err(|error| format!("cannot write {}: {error}", stamp.display()))?;
        Ok(environment)
    }

    /// A call of the environment's interpreter, in the workspace's root.
    pub(crate) fn python(&self) -> Command {
        let mut command = Command::new(self.dir.join("bin/python"));
        command.current_dir(workspace::root());
        command
    }

    /// An environment breaks when the interpreter it points to goes away.
    fn works(&self) -> bool {
        process::output(self.python().args(["-c", "import boto3, pytest, awscli"])).is_ok()
    }
}

fn check_python() -> Result<(), String> {
    const INSTALL: &str =
        "the conformance tests need Python 3.10 or newer; on Debian and Ubuntu: apt-get install python3 python3-venv";
    let found = process::output(Command::new("python3").args(["-c", "import sys; print(*sys.version_info[:2])"]))
        .map_err(|error| format!("{error}\n{INSTALL}"))?;
    let mut numbers = found.split_whitespace().filter_map(|word| word.parse::<u32>().ok());
    match (numbers.next(), numbers.next()) {
        (Some(3), Some(minor)) if minor >= PYTHON_MINOR_MIN => Ok(()),
        _ => Err(format!("python3 is version {}: {INSTALL}", found.trim().replace(' ', "."))),
    }
}
