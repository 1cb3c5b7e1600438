//! Private integrations: requests through VPC links, and stages that show a client certificate.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeMap;
use std::sync::Arc;

use postern_api_model::apigateway::{ConnectionType, IntegrationType};
use postern_api_model::hidden::Hidden;
use postern_api_model::ports::{ApiSource, CertificateAndKey, LinkEnd, TestCall};
use postern_api_model::rest_api::{IntegrationResponse, Method, MethodResponse};
use postern_data_plane::backends::{Backends, LinkTarget};
use postern_data_plane::transport::{UpstreamSettings, Upstreams};
use postern_data_plane::{AccessLog, GatewaySettings};
use support::{API, Backend, TestGateway, api, ok, proxy, with};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const NLB: &str = "arn:aws:elasticloadbalancing:eu-west-1:000000000000:loadbalancer/net/n/1";
const ALB: &str = "arn:aws:elasticloadbalancing:eu-west-1:000000000000:loadbalancer/app/a/1";

/// A gateway on which these addresses answer for load balancers.
fn gateway(targets: &[(&str, &[String])]) -> TestGateway {
    let target = |addresses: &[String]| LinkTarget {
        addresses: addresses.iter().map(|address| address.parse().unwrap()).collect(),
        health_check_path: None,
    };
    let link_targets: BTreeMap<String, LinkTarget> =
        targets.iter().map(|(arn, addresses)| ((*arn).to_owned(), target(addresses))).collect();
    let backends = Backends { link_targets, ..Backends::default() };
    TestGateway::start(GatewaySettings { backends, ..GatewaySettings::default() }, AccessLog::off())
}

fn linked(method: Method, connection_id: &str, integration_target: Option<&str>) -> Method {
    with(method, |integration| {
        integration.connection_type = Some(ConnectionType::VpcLink);
        integration.connection_id = Some(connection_id.to_owned());
        integration.integration_target = integration_target.map(str::to_owned);
    })
}

/// An API with links of both services.
fn source(methods: Vec<(&str, &str, Method)>) -> ApiSource {
    let mut source = api(methods);
    source.references.vpc_links.insert("link1".to_owned(), LinkEnd::LoadBalancer(NLB.to_owned()));
    source.references.vpc_links.insert("link2".to_owned(), LinkEnd::Network);
    source
}

fn address(backend: &Backend) -> String {
    backend.address.to_string()
}

/// An address on which nothing listens.
async fn nowhere() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap().to_string()
}

async fn tested(test: &TestGateway, source: ApiSource, resource: &str) -> (u16, String) {
    tested_with(test, source, resource, None).await
}

/// Status and execution log of a test of `GET {resource}`.
async fn tested_with(test: &TestGateway, mut source: ApiSource, resource: &str, certificate: Option<&str>) -> (u16, String) {
    let call = TestCall {
        api_id: source.api_id.clone(),
        scope: source.scope.clone(),
        definition: Arc::unwrap_or_clone(source.deployments.remove("d1").unwrap()),
        resource_id: resource.to_owned(),
        method: "GET".to_owned(),
        verb: "GET".to_owned(),
        path_with_query_string: None,
        headers: Vec::new(),
        body: String::new(),
        stage_variables: BTreeMap::new(),
        client_certificate_id: certificate.map(str::to_owned),
        references: source.references,
    };
    let answer = test.gateway.test_invoke(&Upstreams::new(UpstreamSettings::default()), call).await.unwrap();
    (answer.status, answer.log)
}

#[tokio::test]
async fn requests_go_to_the_links_addresses_in_turn_under_the_uris_name() {
    let (one, other, alb) =
        (Backend::answering(ok("1")).await, Backend::answering(ok("2")).await, Backend::answering(ok("3")).await);
    let test = gateway(&[(NLB, &[address(&one), address(&other)]), (ALB, &[address(&alb)])]);
    let uri = "http://nlb.internal.example:8080/base";
    let mut api = source(vec![
        ("/v1", "GET", linked(proxy(uri), "link1", None)),
        ("/variable", "GET", linked(proxy(uri), "${stageVariables.link}", None)),
        ("/v2", "GET", linked(proxy(uri), "link2", Some(ALB))),
    ]);
    api.stages.get_mut("s").unwrap().variables.insert("link".to_owned(), "link1".to_owned());
    test.gateway.publish(api).unwrap();
    let mut bodies = Vec::new();
    for path in ["/s/v1", "/s/v1", "/s/variable", "/s/variable", "/s/v2"] {
        bodies.push(test.call("GET", path, &[], "").await.text());
    }
    assert_eq!(bodies, ["1", "2", "1", "2", "3"]);
    let request = alb.request().to_lowercase();
    assert!(request.starts_with("get /base http/1.1\r\n"), "{request}");
    assert!(request.contains("\r\nhost: nlb.internal.example:8080\r\n"), "{request}");
}

#[tokio::test]
async fn a_mapped_integration_goes_through_a_link_too_and_parameters_stay_in_the_uri() {
    let backend = Backend::answering(ok("hi")).await;
    let test = gateway(&[(NLB, &[address(&backend)])]);
    let mut method = with(proxy("http://{host}.example/{id}"), |integration| {
        integration.kind = IntegrationType::Http;
        for name in ["host", "id"] {
            let source = format!("method.request.querystring.{name}");
            integration.request_parameters.insert(format!("integration.request.path.{name}"), source);
        }
        integration.responses.insert("200".to_owned(), IntegrationResponse::default());
    });
    method.responses.insert("200".to_owned(), MethodResponse::default());
    test.gateway.publish(source(vec![("/p", "GET", linked(method, "link1", None))])).unwrap();
    assert_eq!(test.call("GET", "/s/p?host=a&id=7", &[], "").await.text(), "hi");
    let request = backend.request().to_lowercase();
    assert!(request.starts_with("get /7 http/1.1\r\n") && request.contains("\r\nhost: a.example\r\n"), "{request}");
}

#[tokio::test]
async fn an_address_that_takes_no_connection_is_passed_over_at_once() {
    let backend = Backend::answering(ok("hi")).await;
    let test = gateway(&[(NLB, &[nowhere().await, address(&backend)])]);
    test.gateway.publish(source(vec![("/p", "POST", linked(proxy("http://b.example/"), "link1", None))])).unwrap();
    for count in 1..=6 {
        // The body is there for the address that takes it.
        let answer = test.call("POST", "/s/p", &["Content-Type: text/plain"], "body").await;
        assert_eq!((answer.status, answer.text().as_str()), (200, "hi"));
        assert_eq!(backend.requests.lock().unwrap().len(), count);
    }
    assert!(backend.requests.lock().unwrap().iter().all(|request| request.ends_with("\r\n\r\nbody")));
}

#[tokio::test]
async fn what_was_sent_is_sent_to_no_second_address() {
    let broken = Backend::answering("no HTTP at all\r\n\r\n").await;
    let backend = Backend::answering(ok("hi")).await;
    let test = gateway(&[(NLB, &[address(&broken), address(&backend)])]);
    test.gateway.publish(source(vec![("/p", "POST", linked(proxy("http://b.example/"), "link1", None))])).unwrap();
    assert_eq!(test.call("POST", "/s/p", &[], "body").await.status, 502);
    assert!(backend.requests.lock().unwrap().is_empty());
}

#[tokio::test]
async fn when_no_address_answers_the_client_learns_what_it_learns_of_any_backend() {
    let test = gateway(&[(NLB, &[nowhere().await, nowhere().await])]);
    test.gateway.publish(source(vec![("/p", "GET", linked(proxy("http://b.example/"), "link1", None))])).unwrap();
    for _ in 0..4 {
        let answer = test.call("GET", "/s/p", &[], "").await;
        assert_eq!((answer.status, answer.message().as_str()), (500, "Internal server error"));
    }
}

#[tokio::test]
async fn a_link_that_leads_nowhere_is_an_error_that_only_the_log_explains() {
    let backend = Backend::answering(ok("hi")).await;
    let test = gateway(&[(NLB, &[address(&backend)])]);
    let uri = backend.uri("/");
    let api = || {
        source(vec![
            ("/unknown", "GET", linked(proxy(&uri), "nolink", None)),
            ("/unmapped", "GET", linked(proxy(&uri), "link2", Some(ALB))),
        ])
    };
    test.gateway.publish(api()).unwrap();
    for (path, words) in [
        ("/unknown", "there is no VPC link nolink in account 000000000000 in eu-west-1"),
        ("/unmapped", "set link_targets.\"arn:aws:elasticloadbalancing:eu-west-1:000000000000:loadbalancer/app/a/1\""),
    ] {
        let answer = test.call("GET", &format!("/s{path}"), &[], "").await;
        assert_eq!((answer.status, answer.message().as_str()), (500, "Internal server error"));
        let (status, log) = tested(&test, api(), path).await;
        assert!(status == 500 && log.contains(words), "{log}");
    }
    assert_eq!(backend.connections(), 0, "the URI's own host is not asked instead");
}

#[tokio::test]
async fn a_link_that_changes_is_followed_without_a_deployment() {
    let backend = Backend::answering(ok("hi")).await;
    let test = gateway(&[(NLB, &[address(&backend)])]);
    let api = || source(vec![("/p", "GET", linked(proxy("http://b.example/"), "link1", None))]);
    test.gateway.publish(api()).unwrap();
    let scope = api().scope;
    assert_eq!(test.gateway.apis_naming_vpc_link(Some((&scope, "link1"))), [API]);
    assert_eq!(test.gateway.apis_naming_vpc_link(None), [API]);
    assert!(test.gateway.apis_naming_vpc_link(Some((&scope, "link2"))).is_empty());
    let stranger = postern_api_model::scope::Scope { account: "111111111111".to_owned(), ..scope };
    assert!(test.gateway.apis_naming_vpc_link(Some((&stranger, "link1"))).is_empty());
    assert_eq!(test.call("GET", "/s/p", &[], "").await.status, 200);
    // The link went; the API's version is what it was.
    let mut without = api();
    without.references.vpc_links.clear();
    test.gateway.publish(without).unwrap();
    assert_eq!(test.call("GET", "/s/p", &[], "").await.status, 500);
    test.gateway.publish(api()).unwrap();
    assert_eq!(test.call("GET", "/s/p", &[], "").await.status, 200);
}

/// The host's certificate, which nobody issued but itself.
const HOST_CERTIFICATE: &[u8] = include_bytes!("transport/tls/localhost.crt.der");
const HOST_KEY: &[u8] = include_bytes!("transport/tls/localhost.key.der");

/// A TLS server that lets in whoever shows the certificate `trusted`, and answers `hi`.
async fn demanding_backend(trusted: &rcgen::Certificate) -> std::net::SocketAddr {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(trusted.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier =
        rustls::server::WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build().unwrap();
    let key = rustls::pki_types::PrivatePkcs8KeyDer::from(HOST_KEY);
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(vec![HOST_CERTIFICATE.into()], key.into())
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(socket).await else { return };
                let mut request = [0; 4096];
                while stream.read(&mut request).await.is_ok_and(|len| len > 0) {
                    stream.write_all(ok("hi").as_bytes()).await.unwrap();
                    stream.flush().await.unwrap();
                }
            });
        }
    });
    address
}

fn self_signed() -> rcgen::CertifiedKey<rcgen::KeyPair> {
    rcgen::generate_simple_self_signed(["ApiGateway".to_owned()]).unwrap()
}

fn shown(certified: &rcgen::CertifiedKey<rcgen::KeyPair>) -> CertificateAndKey {
    let private_key = Hidden::new(certified.signing_key.serialize_pem());
    CertificateAndKey { certificate: certified.cert.pem(), private_key }
}

/// A client that shows no good certificate is told so in the handshake or, in TLS 1.3, in place of the first answer: 504 or 502.
fn told(status: u16) -> u16 {
    if status == 502 { 504 } else { status }
}

/// Of any issuer: the host's certificate is its own.
fn unverified(method: Method) -> Method {
    with(method, |integration| integration.insecure_skip_verification = Some(true))
}

#[tokio::test]
async fn a_stage_shows_its_client_certificate_through_a_link_as_well() {
    let certified = self_signed();
    let address = demanding_backend(&certified.cert).await;
    let test = gateway(&[(NLB, &[address.to_string()])]);
    let direct = unverified(proxy(&format!("https://localhost:{}/", address.port())));
    let through = linked(unverified(proxy("https://localhost/")), "link1", None);
    let verified = linked(proxy("https://localhost/"), "link1", None);
    let misnamed = linked(unverified(proxy("https://other.example/")), "link1", None);
    let api = |certificate: Option<CertificateAndKey>, named: &str| {
        let mut api = source(vec![
            ("/direct", "GET", direct.clone()),
            ("/link", "GET", through.clone()),
            ("/verified", "GET", verified.clone()),
            ("/misnamed", "GET", misnamed.clone()),
        ]);
        api.stages.get_mut("s").unwrap().client_certificate_id = (!named.is_empty()).then(|| named.to_owned());
        api.references.client_certificates.extend(certificate.map(|certificate| ("cert1".to_owned(), certificate)));
        api
    };
    let stranger = self_signed();
    let keyless = CertificateAndKey { private_key: Hidden::new("no key".to_owned()), ..shown(&certified) };
    for (api, statuses) in [
        (api(None, ""), [504, 504, 504, 504]),
        (api(Some(shown(&certified)), "cert1"), [200, 200, 504, 504]),
        (api(Some(shown(&stranger)), "cert1"), [504, 504, 504, 504]),
        (api(Some(shown(&certified)), "cert2"), [500, 500, 500, 500]),
        (api(Some(keyless), "cert1"), [500, 500, 500, 500]),
        // The connections with the certificate are still there, and are not for a stage that shows none.
        (api(None, ""), [504, 504, 504, 504]),
    ] {
        test.gateway.publish(api).unwrap();
        for (path, status) in ["/direct", "/link", "/verified", "/misnamed"].into_iter().zip(statuses) {
            let answer = test.call("GET", &format!("/s{path}"), &[], "").await;
            assert_eq!(told(answer.status), status, "{path}: {}", answer.text());
        }
    }
}

#[tokio::test]
async fn a_test_shows_the_certificate_that_it_names() {
    let certified = self_signed();
    let address = demanding_backend(&certified.cert).await;
    let test = gateway(&[]);
    let mut api = source(vec![("/p", "GET", unverified(proxy(&format!("https://localhost:{}/", address.port()))))]);
    api.references.client_certificates.insert("cert1".to_owned(), shown(&certified));
    for (named, status) in [(None, 504), (Some("cert1"), 200), (Some("cert2"), 500)] {
        let (answered, log) = tested_with(&test, api.clone(), "/p", named).await;
        assert_eq!(told(answered), status, "{log}");
        assert_eq!(log.contains("client certificate cert2 does not exist"), status == 500, "{log}");
        assert!(!log.contains("PRIVATE KEY"));
    }
}
