//! Why a signature is not accepted, in AWS's words.
//!
//! Where the words come from is said at each text: *recorded* means seen in answers of AWS's services, *ours* that no
//! recording was found. No text repeats an `Authorization` header: it may hold a password or a token of another scheme.

use crate::EXPIRES_S_MAX;

/// Longest piece of the client's own input that a message repeats.
const QUOTED_CHARS_MAX: usize = 128;

/// A refused request. [`code`](Self::code), [`message`](Self::message) and [`status`](Self::status) are what the client gets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.message())]
pub enum AuthError {
    /// Nothing that looks like credentials.
    Missing,
    /// The caller knows no such key, or the session token is not the key's.
    UnknownKey,
    /// The `Authorization` header lacks parameters.
    IncompleteHeader {
        /// What is missing, one sentence each.
        missing: Vec<&'static str>,
        /// The header, hashed as AWS does.
        authorization_sha256: String,
    },
    /// A part of the `Authorization` header is not `key=value`.
    NotKeyValue {
        /// The header, hashed as AWS does.
        authorization_sha256: String,
    },
    /// The `Authorization` header starts with a parameter.
    NoAlgorithm,
    /// The query has some of the parameters of a presigned URL, not all.
    IncompleteQuery {
        /// Names of the missing parameters.
        missing: Vec<&'static str>,
    },
    /// A header or parameter that decides who calls is there twice.
    Duplicate {
        /// Its name.
        name: &'static str,
    },
    /// Signed in the header and in the query at once.
    TwoForms,
    /// Longer than what is read.
    TooLarge {
        /// What is too long.
        what: &'static str,
        /// The limit, with its unit.
        limit: usize,
    },
    /// Not `AWS4-HMAC-SHA256`.
    UnsupportedAlgorithm {
        /// What the client named.
        algorithm: String,
    },
    /// The key was lent for a time that is over.
    ExpiredToken,
    /// `Credential` has not the four parts that it has where the regions stand apart.
    MalformedRegionlessCredential {
        /// What the client sent.
        credential: String,
    },
    /// `Credential` has not five parts.
    MalformedCredential {
        /// What the client sent.
        credential: String,
    },
    /// `SignedHeaders` has something that is no header name, or one name twice.
    MalformedSignedHeaders,
    /// The date is in no form that AWS takes.
    MalformedDate {
        /// What the client sent.
        date: String,
    },
    /// `X-Amz-Expires` is no number of seconds from 1 to a week.
    MalformedExpires,
    /// The signature is for another place, service or day.
    WrongScope {
        /// Everything that does not fit.
        problems: Vec<ScopeProblem>,
    },
    /// `host` or an `x-amz-*` header is not covered by the signature.
    UnsignedHeader {
        /// The header's name, as the message has it.
        name: String,
    },
    /// Too long ago.
    Expired {
        /// When the request was signed.
        signed: String,
        /// The earliest time that would have been accepted.
        earliest: String,
        /// The server's time.
        server: String,
        /// How long a signature holds.
        valid_s: u32,
    },
    /// Signed in the future.
    NotYetCurrent {
        /// When the request was signed.
        signed: String,
        /// The latest time that would have been accepted.
        latest: String,
        /// The server's time.
        server: String,
        /// How far clocks may differ.
        skew_s: u32,
    },
    /// The signature is not the one that the key makes for this request.
    SignatureMismatch,
    /// `x-amz-content-sha256` is not the hash of the body. AWS answers as for a wrong signature, and so do we.
    PayloadMismatch,
    /// The body is declared unsigned where it has to be signed.
    UnsignedPayload,
    /// `x-amz-content-sha256` names a streaming form, which only S3 has.
    StreamingPayload,
}

/// One way in which a credential scope does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScopeProblem {
    /// The region is malformed, or not the one that is served.
    Region {
        /// What the client sent.
        region: String,
    },
    /// The service is none of those that are served here.
    Service {
        /// The one that would have been right.
        expected: String,
    },
    /// Does not end in `aws4_request`.
    Terminator {
        /// What the client sent.
        terminator: String,
    },
    /// The scope's date is not the date of the request.
    Date {
        /// What the scope has.
        scope: String,
        /// What it should be.
        request: String,
        /// The time of the request.
        time: String,
    },
}

impl AuthError {
    /// AWS's error code, for `x-amzn-ErrorType`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing => "MissingAuthenticationTokenException",
            Self::UnknownKey => "UnrecognizedClientException",
            // Reported.
            Self::ExpiredToken => "ExpiredTokenException",
            Self::IncompleteHeader { .. }
            | Self::NotKeyValue { .. }
            | Self::NoAlgorithm
            | Self::IncompleteQuery { .. }
            | Self::Duplicate { .. }
            | Self::TwoForms
            | Self::TooLarge { .. }
            | Self::UnsupportedAlgorithm { .. }
            | Self::MalformedCredential { .. }
            | Self::MalformedRegionlessCredential { .. }
            | Self::MalformedSignedHeaders
            | Self::MalformedDate { .. }
            | Self::MalformedExpires => "IncompleteSignatureException",
            Self::WrongScope { .. }
            | Self::UnsignedHeader { .. }
            | Self::Expired { .. }
            | Self::NotYetCurrent { .. }
            | Self::SignatureMismatch
            | Self::PayloadMismatch
            | Self::UnsignedPayload
            | Self::StreamingPayload => "InvalidSignatureException",
        }
    }

    /// HTTP status: API Gateway answers 403 to all of them (recorded), where other services have 400 for some.
    pub fn status(&self) -> u16 {
        403
    }

    /// AWS's text.
    pub fn message(&self) -> String {
        match self {
            Self::Missing => "Missing Authentication Token".to_owned(),
            Self::UnknownKey => "The security token included in the request is invalid.".to_owned(),
            Self::SignatureMismatch | Self::PayloadMismatch => "The request signature we calculated does not match the \
                signature you provided. Check your AWS Secret Access Key and signing method. Consult the service \
                documentation for details."
                .to_owned(),
            Self::Expired { signed, earliest, server, valid_s } => {
                format!("Signature expired: {signed} is now earlier than {earliest} ({server} - {}.)", span(*valid_s))
            }
            Self::NotYetCurrent { signed, latest, server, skew_s } => {
                format!("Signature not yet current: {signed} is still later than {latest} ({server} + {}.)", span(*skew_s))
            }
            Self::WrongScope { problems } => problems.iter().map(ScopeProblem::sentence).collect(),
            // Recorded for host ("'Host' or ':authority'"); for x-amz-* headers the sentence is ours after that pattern.
            Self::UnsignedHeader { name } => format!("{name} must be a 'SignedHeader' in the AWS Authorization."),
            // Ours: API Gateway's management calls take signed bodies, so nothing was recorded.
            Self::UnsignedPayload => {
                "The payload must be signed here: send its SHA-256 in x-amz-content-sha256, not UNSIGNED-PAYLOAD.".to_owned()
            }
            Self::StreamingPayload => "Streaming payload signatures are S3's alone: send the SHA-256 of the whole body \
                in x-amz-content-sha256."
                .to_owned(),
            _ => self.incomplete(),
        }
    }

    /// The texts of `IncompleteSignatureException`.
    fn incomplete(&self) -> String {
        match self {
            // Recorded. Newer answers have the hash of the header, older ones repeated the header itself.
            Self::IncompleteHeader { missing, authorization_sha256 } => format!(
                "{} (Hashed with SHA-256 and encoded with Base64) Authorization={authorization_sha256}",
                missing.join(" ")
            ),
            // Recorded. The older text repeated the header: "'x' not a valid key=value pair (missing equal-sign) in ...".
            Self::NotKeyValue { authorization_sha256 } => format!(
                "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded \
                 with Base64): '{authorization_sha256}'."
            ),
            // Recorded.
            Self::NoAlgorithm => {
                "Authorization header must begin with the algorithm name, which cannot include an equal-sign".to_owned()
            }
            // Recorded.
            Self::IncompleteQuery { missing } => {
                let sentences: String =
                    missing.iter().map(|name| format!("AWS query-string parameters must include '{name}'. ")).collect();
                sentences + "Re-examine the query-string parameters."
            }
            // Recorded, the space at the end included.
            Self::UnsupportedAlgorithm { algorithm } => {
                format!("Unsupported AWS 'algorithm': {} (only AWS4-HMAC-SHA256 for now). ", quoted(algorithm))
            }
            // Reported.
            Self::ExpiredToken => "The security token included in the request is expired".to_owned(),
            // By analogy.
            Self::MalformedRegionlessCredential { credential } => {
                let credential = quoted(credential);
                format!("Credential must have exactly 4 slash-delimited elements, e.g. keyid/date/service/term, got {credential}")
            }
            // Recorded.
            Self::MalformedCredential { credential } => format!(
                "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got {}",
                quoted(credential)
            ),
            // Recorded.
            Self::MalformedDate { date } => format!(
                "Date must be in ISO-8601 'basic format'. Got {}. See http://en.wikipedia.org/wiki/ISO_8601",
                quoted(date)
            ),
            // Ours, the rest: nothing recorded.
            Self::MalformedSignedHeaders => "SignedHeaders must be header names, each once, separated by semicolons.".to_owned(),
            Self::MalformedExpires => {
                format!("X-Amz-Expires must be a number of seconds between 1 and {EXPIRES_S_MAX}.")
            }
            Self::Duplicate { name } => format!("'{name}' must be there only once."),
            Self::TwoForms => "Sign either in the Authorization header or in the query string, not in both.".to_owned(),
            Self::TooLarge { what, limit } => format!("{what} must not be longer than {limit}."),
            _ => String::new(),
        }
    }
}

impl ScopeProblem {
    /// Recorded, each with the space that follows it, and none after the date.
    fn sentence(&self) -> String {
        match self {
            Self::Region { region } => {
                format!("Credential should be scoped to a valid region, not {}. ", quoted(region))
            }
            Self::Service { expected } => {
                format!("Credential should be scoped to correct service: {}. ", quoted(expected))
            }
            Self::Terminator { terminator } => {
                format!("Credential should be scoped with a valid terminator: 'aws4_request', not {}. ", quoted(terminator))
            }
            Self::Date { scope, request, time } => format!(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: {} != \
                 '{request}', from '{time}'.",
                quoted(scope)
            ),
        }
    }
}

/// The client's own input in quotes, shortened and without control characters, so that it is harmless in a log.
fn quoted(text: &str) -> String {
    let mut result = String::with_capacity(text.len().min(QUOTED_CHARS_MAX) + 2);
    result.push('\'');
    result.extend(text.chars().take(QUOTED_CHARS_MAX).map(|c| if c.is_control() { '?' } else { c }));
    if text.chars().nth(QUOTED_CHARS_MAX).is_some() {
        result.push('…');
    }
    result.push('\'');
    result
}

/// AWS counts in minutes; what is no whole number of them is ours alone and says seconds.
fn span(seconds: u32) -> String {
    if seconds.is_multiple_of(60) { format!("{} min", seconds / 60) } else { format!("{seconds} sec") }
}

/// Why a request cannot be signed: a mistake of the caller's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// Every signature covers the host.
    #[error("the request has no Host header: add it before signing")]
    NoHost,
    /// A piece of the credential scope, or the key id, would break the format.
    #[error("{what} must be 1 to 128 visible ASCII characters without '/', ',' and '='")]
    InvalidScope {
        /// Which piece.
        what: &'static str,
    },
    /// A session token that no header can carry.
    #[error("the session token has characters that a header cannot carry")]
    InvalidToken,
    /// More headers than a verifier takes.
    #[error("at most {} headers can be signed", crate::SIGNED_HEADERS_MAX)]
    TooManyHeaders,
    /// A life of zero, or of more than a week.
    #[error("a presigned URL can live 1 to {EXPIRES_S_MAX} seconds")]
    InvalidExpires,
    /// The query already has a parameter of a presigned URL.
    #[error("the query already has {name}: remove it before presigning")]
    AlreadyPresigned {
        /// The parameter.
        name: &'static str,
    },
}
