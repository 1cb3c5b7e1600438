"""Requests through VPC links of both services, and the client certificate that a stage shows."""

import base64
import json
import pathlib
import socket
import ssl
import threading

import pytest

import rest_apis
import wire
from backend import Backend
from server import Server

NLB = "arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/net/nlb/0123456789abcdef"
ALB = "arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/app/alb/0123456789abcdef"
LISTENER = ALB.replace("loadbalancer/", "listener/") + "/fedcba9876543210"
TLS = "arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/net/tls/0123456789abcdef"
# In the handshake or, in TLS 1.3, in place of the first answer.
REFUSED = [502, 504]
CERTIFICATES = pathlib.Path(__file__).parent.parent / "crates/data-plane/tests/transport/tls"


class Demanding:
    """A TLS server for `localhost` that answers 204 to whoever shows a certificate that it trusts."""

    def __init__(self, directory):
        self.directory = directory
        certificate = ssl.DER_cert_to_PEM_cert((CERTIFICATES / "localhost.crt.der").read_bytes())
        key = base64.encodebytes((CERTIFICATES / "localhost.key.der").read_bytes()).decode()
        self.own = directory / "own.pem"
        self.own.write_text(f"{certificate}-----BEGIN PRIVATE KEY-----\n{key}-----END PRIVATE KEY-----\n")
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.context = None
        threading.Thread(target=self._serve, daemon=True).start()

    def trust(self, pem):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.own)
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=pem)
        self.context = context

    def _serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=[connection], daemon=True).start()

    def _answer(self, connection):
        try:
            with self.context.wrap_socket(connection, server_side=True) as stream:
                while stream.recv(65536):
                    stream.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
        except OSError:
            pass  # Whoever shows no certificate does not get in.


@pytest.fixture(scope="module")
def backends():
    started = [Backend(), Backend(), Backend()]
    yield started
    for backend in started:
        backend.stop()


@pytest.fixture(scope="module")
def demanding(tmp_path_factory):
    started = Demanding(tmp_path_factory.mktemp("tls"))
    yield started
    started.listener.close()


@pytest.fixture(scope="module")
def linked(tmp_path_factory, backends, demanding):
    """A server whose load balancers are our backends; of the first one's addresses one is dead."""
    directory = tmp_path_factory.mktemp("links")
    with socket.create_server(("127.0.0.1", 0)) as unused:
        dead = unused.getsockname()[1]
    targets = {NLB: [backends[0].port, dead, backends[1].port], ALB: [backends[2].port], TLS: [demanding.port]}
    lines = []
    for arn, ports in targets.items():
        lines += [f'[link_targets."{arn}"]', f"addresses = {json.dumps([f'127.0.0.1:{port}' for port in ports])}"]
    (directory / "postern.toml").write_text("\n".join(lines) + "\n")
    server = Server(directory / "data", arguments=["--config", str(directory / "postern.toml")]).start()
    yield server
    assert server.stop() == 0, server.log()


@pytest.fixture(scope="module")
def v1(linked):
    return linked.client("apigateway")


@pytest.fixture(scope="module")
def v2(linked):
    return linked.client("apigatewayv2")


@pytest.fixture(scope="module")
def first(v1):
    return v1.create_vpc_link(name="nlb", targetArns=[NLB])["id"]


@pytest.fixture
def second(v2):
    return v2.create_vpc_link(Name="net", SubnetIds=["subnet-1"])["VpcLinkId"]


def serve(client, uri, connection_id, variables=None, **integration):
    api_id, root_id = rest_apis.create(client)
    private = {"connectionType": "VPC_LINK", "connectionId": connection_id, **integration}
    rest_apis.add_proxy_method(client, api_id, root_id, uri, **private)
    rest_apis.deploy(client, api_id, variables=variables or {})
    return api_id, root_id


def test_requests_take_turns_and_pass_over_what_is_dead(linked, v1, backends, first):
    api_id, _ = serve(v1, "http://nlb.internal:8080/base", "${stageVariables.link}", {"link": first})
    for backend in backends:
        backend.forget()
    for _ in range(12):
        answer = wire.invoke(linked, api_id, "dev", method="POST", body=b"whole")
        assert (answer.status, answer.json()["body"]) == (200, "whole"), answer
    served = [len(backend.requests) for backend in backends]
    assert sum(served) == 12 and min(served[:2]) >= 4 and served[2] == 0, served
    seen = backends[0].requests[0]
    assert seen["path"] == "/base" and ["host", "nlb.internal:8080"] in [[name.lower(), value] for name, value in seen["headers"]]


@pytest.mark.parametrize("target", [ALB, LISTENER])
def test_a_link_of_the_other_service_and_its_targets(linked, v1, backends, second, target):
    api_id, _ = serve(v1, "http://alb.internal/", second, integrationTarget=target)
    backends[2].forget()
    assert wire.invoke(linked, api_id, "dev").status == 200
    assert len(backends[2].requests) == 1


@pytest.mark.parametrize(
    ("link", "target", "words"),
    [
        ("zzzzzz", None, "there is no VPC link zzzzzz in account 000000000000 in us-east-1"),
        ("second", None, "integrationTarget"),
        ("second", ALB + "0", f'set link_targets.\\"{ALB}0\\"'),
        ("second", ALB.replace("000000000000", "111111111111"), "none of account 000000000000 in us-east-1"),
    ],
)
def test_a_link_that_leads_nowhere(linked, v1, backends, second, link, target, words):
    more = {"integrationTarget": target} if target else {}
    # The URI leads to a backend that would answer, were it asked.
    api_id, root_id = serve(v1, backends[2].url, second if link == "second" else link, **more)
    backends[2].forget()
    answer = wire.invoke(linked, api_id, "dev")
    assert (answer.status, answer.json()["message"]) == (500, "Internal server error")
    tested = v1.test_invoke_method(restApiId=api_id, resourceId=root_id, httpMethod="ANY")
    assert tested["status"] == 500 and words.replace('\\"', '"') in tested["log"], tested["log"]
    assert words in linked.log() or words.replace('\\"', '"') in linked.log()
    assert backends[2].requests == []


def test_tenants_do_not_share_links(linked, v1, first):
    made = json.loads(linked.run("keys", "create", "--account", "555555555555", "--json"))
    stranger = linked.client("apigateway", credentials=(made["accessKeyId"], made["secretAccessKey"]))
    for connection in (first, stranger.create_vpc_link(name="stolen", targetArns=[NLB])["id"]):
        api_id, _ = serve(stranger, "http://nlb.internal/", connection)
        assert wire.invoke(linked, api_id, "dev").status == 500


def test_a_link_is_gone_from_traffic_once_it_is_deleted(linked, v1, v2, second):
    """It can be deleted while no stage names it."""
    api_id, _ = serve(v1, "http://alb.internal/", "${stageVariables.link}", {"link": second}, integrationTarget=ALB)
    assert wire.invoke(linked, api_id, "dev").status == 200
    change = lambda value: v1.update_stage(
        restApiId=api_id, stageName="dev", patchOperations=[{"op": "replace", "path": "/variables/link", "value": value}]
    )
    change("none")
    assert wire.invoke(linked, api_id, "dev").status == 500
    v2.delete_vpc_link(VpcLinkId=second)
    change(second)
    assert wire.invoke(linked, api_id, "dev").status == 500


def test_the_stages_client_certificate(linked, v1, v2, demanding):
    link = v2.create_vpc_link(Name="net", SubnetIds=["subnet-1"])["VpcLinkId"]
    insecure = {"tlsConfig": {"insecureSkipVerification": True}}
    api_id, root_id = serve(v1, "https://localhost/", link, integrationTarget=TLS, **insecure)
    made = [v1.generate_client_certificate() for _ in range(2)]
    demanding.trust(made[0]["pemEncodedCertificate"])
    assert wire.invoke(linked, api_id, "dev").status in REFUSED
    change = lambda certificate: v1.update_stage(
        restApiId=api_id,
        stageName="dev",
        patchOperations=[{"op": "replace", "path": "/clientCertificateId", "value": certificate["clientCertificateId"]}],
    )
    for certificate, statuses in [(made[0], [204]), (made[1], REFUSED), (made[0], [204])]:
        change(certificate)
        assert wire.invoke(linked, api_id, "dev").status in statuses
    test = lambda **more: v1.test_invoke_method(restApiId=api_id, resourceId=root_id, httpMethod="ANY", **more)["status"]
    assert test() in REFUSED
    assert test(clientCertificateId=made[0]["clientCertificateId"]) == 204
    # The backend comes to trust the other one; new connections show it.
    demanding.trust(made[1]["pemEncodedCertificate"])
    change(made[1])
    assert wire.invoke(linked, api_id, "dev").status == 204
    assert "PRIVATE KEY" not in linked.log()
