//! What a configuration key is, and what it takes.

use std::fmt;

/// One configuration key.
#[derive(Debug)]
pub struct Key {
    /// Name in the file: `key` or `section.key`.
    pub path: &'static str,
    /// The flag of `postern serve` that sets it.
    pub flag: Option<&'static str>,
    /// A second, shorter environment variable: addresses are named after their flag.
    pub short_env: Option<&'static str>,
    /// What it takes.
    pub takes: Takes,
    /// What holds when nobody sets it, written as a value of the environment; `None` is "not set".
    pub default: Option<&'static str>,
    /// One sentence for the documentation.
    #[cfg_attr(not(test), expect(dead_code, reason = "read by the test that writes docs/configuration.md"))]
    pub about: &'static str,
}

/// What a value may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// A path, relative to the working directory.
    Path,
    /// Twelve digits.
    Account,
    /// `true` or `false`.
    Switch,
    /// An IP address (or `localhost`) and a port; port 0 takes a free one.
    Address,
    /// A whole number within bounds, with its unit.
    Number {
        /// Smallest value.
        min: u64,
        /// Largest value.
        max: u64,
        /// Unit, plural; empty for a plain count.
        unit: &'static str,
    },
    /// IP addresses: a list in the file, separated by commas in the environment.
    IpAddresses,
    /// A level, or a filter such as `info,postern_data_plane=debug`.
    LogFilter,
    /// One of these words.
    Word(&'static [&'static str]),
    /// Where lines go.
    LineTarget,
    /// Text of this kind.
    Text(&'static str),
    /// Text that is never shown.
    Secret,
    /// A list of this: in the file only.
    List(&'static str),
    /// A table of texts: in the file only.
    Texts,
    /// Where a server is.
    Url,
    /// Where a service is.
    Endpoint,
}

impl Key {
    /// `POSTERN_` and the path in capitals, joined by `_`.
    pub fn env(&self) -> String {
        format!("POSTERN_{}", self.path.replace('.', "_").to_ascii_uppercase())
    }

    /// All environment variables that set it.
    pub fn env_names(&self) -> impl Iterator<Item = String> + '_ {
        self.short_env.map(str::to_owned).into_iter().chain(std::iter::once(self.env()))
    }
}

impl fmt::Display for Takes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path => f.write_str("a path"),
            Self::Account => f.write_str("an account id, twelve digits"),
            Self::Switch => f.write_str("true or false"),
            Self::Address => f.write_str("IP:PORT, such as 127.0.0.1:8080, [::1]:8080 or localhost:0"),
            Self::Number { min, max, unit: "" } => write!(f, "a whole number from {min} to {max}"),
            Self::Number { min, max, unit } => write!(f, "a whole number of {unit} from {min} to {max}"),
            Self::IpAddresses => f.write_str("a list of IP addresses"),
            Self::LogFilter => {
                f.write_str("off, error, warn, info, debug or trace, also per module: info,postern_data_plane=debug")
            }
            Self::Word(words) => f.write_str(&words.join(" or ")),
            Self::LineTarget => f.write_str("stderr, stdout, otlp, off, or the path of a file, which is appended to"),
            Self::Text(what) => f.write_str(what),
            Self::Secret => f.write_str("text, which is never shown"),
            Self::List(what) => write!(f, "a list of {what}"),
            Self::Texts => f.write_str("a table of names and texts, such as { TABLE = \"pets\" }"),
            Self::Url => f.write_str("an address such as http://127.0.0.1:9000 or https://sqs.example.com/prefix"),
            Self::Endpoint => f.write_str("aws, or an address such as http://127.0.0.1:4566"),
        }
    }
}
