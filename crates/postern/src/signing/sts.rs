//! The one call of STS that Postern makes: AssumeRole, in the query protocol (AWS docs, "STS API Reference, AssumeRole").

use std::sync::Arc;
use std::time::Duration;

use http::header::{CONTENT_TYPE, HOST};
use http::{HeaderMap, HeaderValue, Method, Uri};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use postern_api_model::hidden::Hidden;
use postern_api_model::ports::{Credentials, PortFuture};
use postern_control_plane::clock::Clock;
use postern_data_plane::backends::{BaseUrl, ServiceEndpoint, ServiceEndpoints};
use postern_data_plane::transport::{Body, Origin, Scheme, TlsVerify, UpstreamRequest, Upstreams};
use postern_sigv4::{ContentSha256, PathStyle, Payload, SecretKey, SigningRequest, SigningTarget};
use tokio::time::Instant;

use super::assumed_role::{Lent, Sts};

/// For connecting, asking and reading: STS is fast or away.
const TIMEOUT: Duration = Duration::from_secs(5);
/// An answer has about 1.5 KiB, most of it the token.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// As API Gateway calls its sessions, so that CloudTrail and policies on it look as they do on AWS (reported).
const SESSION_NAME: &str = "BackplaneAssumeRoleSession";
/// The service's name, in endpoints and signatures.
const SERVICE: &str = "sts";

/// STS, wherever it is.
pub struct StsEndpoint {
    endpoint: Option<ServiceEndpoint>,
    upstreams: Upstreams,
    clock: Arc<dyn Clock>,
}

/// Where to ask for a role.
struct Target {
    url: BaseUrl,
    region: &'static str,
}

impl StsEndpoint {
    /// As configured.
    pub fn new(services: &ServiceEndpoints, upstreams: Upstreams, clock: Arc<dyn Clock>) -> Self {
        let endpoint = services.by_service.get(SERVICE).or(services.default.as_ref()).cloned();
        Self { endpoint, upstreams, clock }
    }

    async fn ask(&self, arn: &str, by: &Credentials) -> Result<Lent, String> {
        let Target { url, region } = self.target(arn)?;
        let body = format!(
            "Action=AssumeRole&Version=2011-06-15&RoleArn={}&RoleSessionName={SESSION_NAME}",
            utf8_percent_encode(arn, NON_ALPHANUMERIC)
        );
        let path = format!("{}/", url.path);
        let headers = signed(&url, &path, &body, by, region, self.clock.now())?;
        let scheme = if url.tls { Scheme::Https } else { Scheme::Http };
        let request = UpstreamRequest {
            origin: Origin::new(scheme, &url.host, url.port, TlsVerify::Full).chosen_by_operator(),
            method: Method::POST,
            uri: path.parse::<Uri>().map_err(|error| error.to_string())?,
            headers,
            body: Body::full(body),
        };
        let deadline = Instant::now() + TIMEOUT;
        let answer = self.upstreams.send(request, deadline).await.map_err(|error| error.to_string())?;
        let text = answer.body.with_deadline(deadline).collect(ANSWER_BYTES_MAX).await.map_err(|error| error.to_string())?;
        let text = String::from_utf8_lossy(&text);
        match answer.status.is_success() {
            true => lent(&text),
            false => Err(format!(
                "{} {}: {}",
                answer.status.as_u16(),
                element(&text, "Code").unwrap_or("no code"),
                element(&text, "Message").unwrap_or("no message")
            )),
        }
    }

    fn target(&self, arn: &str) -> Result<Target, String> {
        let (region, domain) = match arn.split(':').nth(1) {
            Some("aws-cn") => ("cn-north-1", "amazonaws.com.cn"),
            Some("aws-us-gov") => ("us-gov-west-1", "amazonaws.com"),
            _ => ("us-east-1", "amazonaws.com"),
        };
        let url = match &self.endpoint {
            Some(ServiceEndpoint::At(url)) => url.clone(),
            Some(ServiceEndpoint::Aws) => {
                BaseUrl { tls: true, host: format!("{SERVICE}.{region}.{domain}"), port: 443, path: String::new() }
            }
            None => {
                return Err("it is nowhere: set services.sts.endpoint or services.endpoint in Postern's configuration".to_owned());
            }
        };
        Ok(Target { url, region })
    }
}

impl Sts for StsEndpoint {
    fn assume_role<'a>(&'a self, arn: &'a str, by: &'a Credentials) -> PortFuture<'a, Result<Lent, String>> {
        Box::pin(self.ask(arn, by))
    }
}

fn signed(url: &BaseUrl, path: &str, body: &str, by: &Credentials, region: &str, now_s: i64) -> Result<HeaderMap, String> {
    let host = if url.host.contains(':') { format!("[{}]", url.host) } else { url.host.clone() };
    let host = if url.port == if url.tls { 443 } else { 80 } { host } else { format!("{host}:{}", url.port) };
    let mut headers = HeaderMap::new();
    headers.insert(HOST, HeaderValue::from_str(&host).map_err(|error| error.to_string())?);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded; charset=utf-8"));
    let secret = SecretKey::new(by.secret_access_key.expose());
    let credentials = postern_sigv4::Credentials {
        access_key_id: &by.access_key_id,
        secret: &secret,
        session_token: by.session_token.as_ref().map(Hidden::expose),
    };
    let request = SigningRequest {
        method: "POST",
        raw_path: path,
        raw_query: "",
        headers: &headers,
        body: Payload::Bytes(body.as_bytes()),
    };
    let target =
        SigningTarget { region, service: SERVICE, path_style: PathStyle::Normalized, content_sha256: ContentSha256::Omit };
    let added = postern_sigv4::sign(&request, &credentials, &target, now_s).map_err(|error| error.to_string())?;
    headers.extend(added);
    Ok(headers)
}

fn lent(text: &str) -> Result<Lent, String> {
    let part = |name: &str| element(text, name).ok_or_else(|| format!("its answer has no {name}"));
    let expires: jiff::Timestamp = part("Expiration")?.parse().map_err(|error| format!("its answer's Expiration: {error}"))?;
    let credentials = Credentials {
        access_key_id: part("AccessKeyId")?.to_owned(),
        secret_access_key: Hidden::new(part("SecretAccessKey")?.to_owned()),
        session_token: Some(Hidden::new(part("SessionToken")?.to_owned())),
    };
    Ok(Lent { credentials, expires_s: expires.as_second() })
}

/// The text of the only element of this name. None of those that are read can hold markup: keys and tokens are letters, digits and
/// `+/=`, and of what an error says nothing depends on its form.
fn element<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    let (inner, _) = rest.split_once(&format!("</{name}>"))?;
    Some(inner.trim()).filter(|inner| !inner.is_empty() && !inner.contains('<'))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use postern_control_plane::clock::SystemClock;
    use postern_data_plane::transport::UpstreamSettings;

    use super::*;

    const ROLE: &str = "arn:aws:iam::123456789012:role/r";
    const ANSWER: &str = "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult>\n<Credentials><AccessKeyId>ASIA1</AccessKeyId><SecretAccessKey>a/+=</SecretAccessKey><SessionToken>t==</SessionToken>\n<Expiration>2030-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>";

    fn by() -> Credentials {
        Credentials { access_key_id: "AKIA".to_owned(), secret_access_key: Hidden::new("s".to_owned()), session_token: None }
    }

    /// Answers one request and gives what it was.
    fn server(status: &'static str, answer: &'static str) -> (BaseUrl, std::thread::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let thread = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let (mut request, mut buffer) = (String::new(), [0; 4096]);
            while !request.contains(SESSION_NAME) {
                let read = stream.read(&mut buffer).unwrap();
                request.push_str(std::str::from_utf8(&buffer[..read]).unwrap());
            }
            write!(stream, "HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{answer}", answer.len()).unwrap();
            request
        });
        (url, thread)
    }

    fn sts(endpoint: Option<ServiceEndpoint>) -> StsEndpoint {
        let services = ServiceEndpoints { default: endpoint, ..ServiceEndpoints::default() };
        StsEndpoint::new(&services, Upstreams::new(UpstreamSettings::default()), Arc::new(SystemClock))
    }

    #[tokio::test]
    async fn a_role_is_assumed_with_a_signed_call() {
        let (url, thread) = server("200 OK", ANSWER);
        let lent = sts(Some(ServiceEndpoint::At(url))).assume_role(ROLE, &by()).await.unwrap();
        assert_eq!(lent.credentials.access_key_id, "ASIA1");
        assert_eq!(lent.credentials.secret_access_key.expose(), "a/+=");
        assert_eq!(lent.credentials.session_token.unwrap().expose(), "t==");
        assert_eq!(lent.expires_s, 1_893_456_000);
        let request = thread.join().unwrap();
        assert!(request.starts_with("POST / HTTP/1.1\r\n"), "{request}");
        assert!(request.contains("Credential=AKIA/") && request.contains("/us-east-1/sts/aws4_request"), "{request}");
        assert!(request.contains("RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fr&"), "{request}");
    }

    #[tokio::test]
    async fn refusals_and_nonsense_are_errors() {
        let refusal = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not you</Message></Error></ErrorResponse>";
        for (status, answer, expected) in [
            ("403 Forbidden", refusal, "403 AccessDenied: not you"),
            ("200 OK", "<html>", "its answer has no Expiration"),
            ("500 Oh", "", "500 no code: no message"),
        ] {
            let (url, thread) = server(status, answer);
            assert_eq!(sts(Some(ServiceEndpoint::At(url))).assume_role(ROLE, &by()).await.unwrap_err(), expected);
            thread.join().unwrap();
        }
        assert!(sts(None).assume_role(ROLE, &by()).await.unwrap_err().contains("services.sts.endpoint"));
    }

    #[test]
    fn aws_has_one_for_each_partition() {
        let host = |arn| sts(Some(ServiceEndpoint::Aws)).target(arn).map(|target| target.url.host);
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let _entered = runtime.enter();
        assert_eq!(host(ROLE).unwrap(), "sts.us-east-1.amazonaws.com");
        assert_eq!(host("arn:aws-cn:iam::123456789012:role/r").unwrap(), "sts.cn-north-1.amazonaws.com.cn");
    }
}
