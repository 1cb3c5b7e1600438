//! Where a service is: at AWS, or at an address that configuration gives.

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderValue, Uri};

use super::Service;
use crate::backends::{BaseUrl, ServiceEndpoint, ServiceEndpoints};
use crate::error::GatewayError;
use crate::transport::{Origin, Scheme, TlsVerify};

/// Who says where a service is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place<'a> {
    /// The configured endpoints of services, by the service's name.
    Configured,
    /// It is at AWS.
    Aws,
    /// It is here.
    At(&'a BaseUrl),
}

/// Where a request is sent.
#[derive(Debug)]
pub(super) struct Located {
    pub(super) origin: Origin,
    pub(super) host: HeaderValue,
    /// In front of the request's path; empty, or starts with a slash and does not end with one.
    pub(super) prefix: String,
}

impl Place<'_> {
    /// Finds the service.
    ///
    /// # Errors
    /// When nothing is configured for it; the text names the keys.
    pub(super) fn locate(
        &self,
        service: &Service<'_>,
        region: &str,
        configured: &ServiceEndpoints,
    ) -> Result<Located, GatewayError> {
        match self {
            Self::Aws => at_aws(service, region),
            Self::At(url) => at(service, url),
            Self::Configured => match configured.of(service) {
                Some(ServiceEndpoint::Aws) => at_aws(service, region),
                Some(ServiceEndpoint::At(url)) => at(service, url),
                None => Err(unconfigured(service)),
            },
        }
    }
}

impl Place<'_> {
    /// Whether it is at AWS, and not at what stands in for it.
    pub(super) fn is_aws(&self, service: &Service<'_>, configured: &ServiceEndpoints) -> bool {
        match self {
            Self::Aws => true,
            Self::At(_) => false,
            Self::Configured => configured.of(service) == Some(&ServiceEndpoint::Aws),
        }
    }
}

impl ServiceEndpoints {
    /// That of a service: the one of its whole name, of the name without its subdomain, or the default.
    fn of(&self, service: &Service<'_>) -> Option<&ServiceEndpoint> {
        let full_name = service.full_name();
        let names = [Some(&*full_name), Some(service.name), service.other_name()];
        names.into_iter().flatten().find_map(|name| self.by_service.get(name)).or(self.default.as_ref())
    }
}

fn unconfigured(service: &Service<'_>) -> GatewayError {
    let (name, variable) = (service.name, service.endpoint_variable());
    GatewayError::Unconfigured(format!(
        "no endpoint is configured for the service {name}: set services.{name}.endpoint, or services.endpoint for all services, to an \
         address or to \"aws\"; {variable} or AWS_ENDPOINT_URL in the environment do the same"
    ))
}

fn at_aws(service: &Service<'_>, region: &str) -> Result<Located, GatewayError> {
    let name = service.host(region);
    let host = HeaderValue::from_str(&name).map_err(|_| invalid(&name))?;
    Ok(Located { origin: Origin::new(Scheme::Https, &name, 443, TlsVerify::Full), host, prefix: String::new() })
}

fn at(service: &Service<'_>, url: &BaseUrl) -> Result<Located, GatewayError> {
    let BaseUrl { tls, host: name, port, path } = url;
    let (scheme, own_port) = if *tls { (Scheme::Https, 443) } else { (Scheme::Http, 80) };
    let bracketed = if name.contains(':') { format!("[{name}]") } else { name.clone() };
    let host = if *port == own_port { bracketed } else { format!("{bracketed}:{port}") };
    let host = HeaderValue::from_str(&host).map_err(|_| invalid(&host))?;
    // A host of one's own has no name for each bucket; every server that speaks S3 takes the bucket in the path as well.
    let bucket = service.subdomain.filter(|_| service.is_s3());
    let prefix = bucket.map_or_else(|| path.clone(), |bucket| format!("{path}/{bucket}"));
    Ok(Located { origin: Origin::new(scheme, name, *port, TlsVerify::Full), host, prefix })
}

fn invalid(host: &str) -> GatewayError {
    GatewayError::Address(format!("{host:?} is no host name"))
}

/// The address with `prefix` in front of its path.
pub(super) fn behind(prefix: &str, uri: Uri) -> Result<Uri, GatewayError> {
    if prefix.is_empty() {
        return Ok(uri);
    }
    let rest = uri.path_and_query().map_or("/", PathAndQuery::as_str);
    let whole = PathAndQuery::from_maybe_shared(Bytes::from(format!("{prefix}{rest}")));
    whole.map(Uri::from).map_err(|_| invalid(prefix))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn shown(place: Place<'_>, service: &Service<'_>, configured: &ServiceEndpoints) -> String {
        let located = place.locate(service, "eu-west-1", configured).unwrap();
        let uri = behind(&located.prefix, Uri::from_static("/a/b?c=d")).unwrap();
        let (origin, host) = (&located.origin, located.host.to_str().unwrap());
        format!("{:?} {}:{} {host} {uri}", origin.scheme(), origin.host(), origin.port())
    }

    #[test]
    fn a_service_is_where_its_own_key_says_and_else_where_the_default_does() {
        let at = |url: &str| ServiceEndpoint::At(url.parse().unwrap());
        let endpoints = ServiceEndpoints {
            default: Some(at("http://127.0.0.1:4566")),
            by_service: [
                ("sqs".to_owned(), ServiceEndpoint::Aws),
                ("s3".to_owned(), at("http://[::1]:9000/minio")),
                ("runtime.sagemaker".to_owned(), at("https://models.internal")),
            ]
            .into(),
        };
        let bucket = Service { subdomain: Some("pictures"), name: "s3" };
        let model = Service { subdomain: Some("runtime"), name: "sagemaker" };
        let table = [
            (Service::new("kms"), "Http 127.0.0.1:4566 127.0.0.1:4566 /a/b?c=d"),
            (Service::new("sqs"), "Https sqs.eu-west-1.amazonaws.com:443 sqs.eu-west-1.amazonaws.com /a/b?c=d"),
            (Service::new("s3"), "Http ::1:9000 [::1]:9000 /minio/a/b?c=d"),
            (bucket, "Http ::1:9000 [::1]:9000 /minio/pictures/a/b?c=d"),
            (model, "Https models.internal:443 models.internal /a/b?c=d"),
        ];
        for (service, expected) in table {
            assert_eq!(shown(Place::Configured, &service, &endpoints), expected);
        }
        let own = "http://localhost:80".parse().unwrap();
        assert_eq!(shown(Place::At(&own), &Service::new("lambda"), &endpoints), "Http localhost:80 localhost /a/b?c=d");
        let aws = "Https lambda.eu-west-1.amazonaws.com:443 lambda.eu-west-1.amazonaws.com /a/b?c=d";
        assert_eq!(shown(Place::Aws, &Service::new("lambda"), &endpoints), aws);
    }

    #[test]
    fn a_service_that_is_nowhere_names_its_keys() {
        let none = ServiceEndpoints::default();
        let error = Place::Configured.locate(&Service::new("states"), "eu-west-1", &none).unwrap_err();
        let GatewayError::Unconfigured(text) = error else { panic!("{error:?}") };
        for key in ["services.states.endpoint", "services.endpoint", "AWS_ENDPOINT_URL_SFN"] {
            assert!(text.contains(key), "{text}");
        }
    }
}
