//! What the machine gives: addresses, open files, the clock.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::time::SystemTime;

use super::findings::{Findings, Standing};
use crate::config::{Settings, table};

/// Open files below which a busy gateway runs out: a connection of a client's and one to a backend for each of a thousand requests.
const OPEN_FILES_WANTED: u64 = 4_096;
/// Where Linux says what a process may have.
const LIMITS: &str = "/proc/self/limits";

/// Looks at the machine.
pub fn look(settings: &Settings, findings: &mut Findings) {
    for (key, address) in [(&table::MANAGEMENT_ADDRESS, settings.management), (&table::HTTP_ADDRESS, settings.http.address)] {
        listening(key.path, address, findings);
    }
    match fs::read_to_string(LIMITS).ok().as_deref().and_then(open_files) {
        Some(limit) if limit < OPEN_FILES_WANTED => {
            let text = format!(
                "a process may have {limit} open, and each request under way takes two or more: raise the limit to {OPEN_FILES_WANTED} at \
                 least (ulimit -n, or LimitNOFILE of systemd)"
            );
            findings.add(Standing::Warning, "open files", text);
        }
        Some(limit) => findings.add(Standing::Ok, "open files", format!("a process may have {limit} open")),
        None => findings.add(Standing::Warning, "open files", format!("{LIMITS} does not say how many a process may have")),
    }
}

fn listening(key: &str, address: SocketAddr, findings: &mut Findings) {
    if address.port() == 0 {
        return findings.add(Standing::Ok, key, format!("{address} takes a free port at each start"));
    }
    match TcpListener::bind(address) {
        Ok(_) => findings.add(Standing::Ok, key, format!("{address} is free")),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
            let text = format!(
                "{address} is in use; that is right if it is by the server that is looked at, and otherwise it cannot start"
            );
            findings.add(Standing::Warning, key, text);
        }
        Err(error) => findings.add(Standing::Error, key, format!("cannot listen on {address}: {error}; choose another address")),
    }
}

/// The soft limit, which is the one that holds.
fn open_files(limits: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    match line.split_whitespace().next()? {
        "unlimited" => Some(u64::MAX),
        number => number.parse().ok(),
    }
}

/// Signatures and tokens hold for minutes: a clock that went back shows in files of the future.
pub fn clock(written: &Path, findings: &mut Findings) {
    let ahead = fs::metadata(written).and_then(|file| file.modified()).ok();
    let ahead = ahead.and_then(|modified| modified.duration_since(SystemTime::now()).ok());
    match ahead {
        Some(ahead) if ahead.as_secs() > 0 => {
            let text = format!(
                "{} was written {} s in the future: the clock is wrong now, or was; signed requests and tokens fail with a wrong clock",
                written.display(),
                ahead.as_secs()
            );
            findings.add(Standing::Error, "clock", text);
        }
        _ => findings.add(Standing::Ok, "clock", "nothing was written in the future"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_of_open_files() {
        let limits = "Limit                     Soft Limit           Hard Limit           Units     \n\
                      Max processes             95694                95694                processes \n\
                      Max open files            1024                 1048576              files     \n";
        assert_eq!(open_files(limits), Some(1_024));
        assert_eq!(
            open_files("Max open files            unlimited            unlimited            files     \n"),
            Some(u64::MAX)
        );
        assert_eq!(open_files(""), None);
    }

    #[test]
    fn an_address_in_use_is_told_from_a_foreign_one() {
        let standing = |address: SocketAddr| {
            let mut findings = Findings::default();
            listening("http.address", address, &mut findings);
            findings.worst()
        };
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        assert_eq!(standing(taken.local_addr().unwrap()), Standing::Warning);
        assert_eq!(standing("192.0.2.1:8080".parse().unwrap()), Standing::Error);
        assert_eq!(standing("127.0.0.1:0".parse().unwrap()), Standing::Ok);
    }

    #[test]
    fn a_file_of_the_future_shows_a_wrong_clock() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let standing = |path: &Path| {
            let mut findings = Findings::default();
            clock(path, &mut findings);
            findings.worst()
        };
        assert_eq!(standing(file.path()), Standing::Ok);
        file.as_file().set_modified(SystemTime::now() + std::time::Duration::from_secs(3_600)).unwrap();
        assert_eq!(standing(file.path()), Standing::Error);
    }
}
