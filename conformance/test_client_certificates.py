"""Client certificates: real ones, whose key nobody is shown, and which stay while a stage uses them."""

import base64
from datetime import timezone

import pytest

import plans
import rest_apis
from answers import bare, patch, status
from refusals import bad_request, not_found, refusal

MISSING = not_found("Invalid Client Certificate identifier specified")
YEAR_SECONDS = 365 * 24 * 60 * 60


@pytest.fixture(scope="module")
def certificate(apigateway):
    return bare(apigateway.generate_client_certificate(description="d", tags={"a": "1"}))


def fields(der):
    """The members of a DER sequence: (tag, content) each."""
    found = []
    while der:
        length, start = der[1], 2
        if length & 0x80:
            start += length & 0x7F
            length = int.from_bytes(der[2:start], "big")
        found.append((der[0], der[start : start + length]))
        der = der[start + length :]
    return found


def der_of(pem):
    lines = pem.strip().splitlines()
    assert (lines[0], lines[-1]) == ("-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----")
    return base64.b64decode("".join(lines[1:-1]))


def test_it_is_a_certificate(certificate):
    """Self-signed for ApiGateway, RSA with 2,048 bits, valid for a year."""
    assert len(certificate["clientCertificateId"]) == 6
    ((_, whole),) = fields(der_of(certificate["pemEncodedCertificate"]))
    (_, signed), (_, algorithm), _ = fields(whole)
    parts = [content for tag, content in fields(signed) if tag != 0xA0]
    _, _, issuer, validity, subject, public_key = parts[:6]
    assert issuer == subject and b"ApiGateway" in subject and b"Seattle" in subject
    assert bytes.fromhex("2a864886f70d01010b") in algorithm, "sha256WithRSAEncryption"
    ((_, key_algorithm), (_, bits)) = fields(public_key)
    assert bytes.fromhex("2a864886f70d010101") in key_algorithm, "rsaEncryption"
    ((_, numbers),) = fields(bits[1:])
    modulus = fields(numbers)[0][1]
    assert int.from_bytes(modulus, "big").bit_length() == 2048
    first, last = (content.decode() for _, content in fields(validity))
    created = certificate["createdDate"]
    assert first == created.astimezone(tz=timezone.utc).strftime("%y%m%d%H%M%SZ")
    assert (certificate["expirationDate"] - created).total_seconds() == YEAR_SECONDS
    assert last == certificate["expirationDate"].astimezone(tz=timezone.utc).strftime("%y%m%d%H%M%SZ")


def test_what_is_shown(apigateway, certificate):
    names = {"clientCertificateId", "pemEncodedCertificate", "createdDate", "expirationDate", "description", "tags"}
    assert certificate.keys() == names
    got = bare(apigateway.get_client_certificate(clientCertificateId=certificate["clientCertificateId"]))
    assert got == certificate
    least = apigateway.generate_client_certificate()
    assert status(least) == 201 and bare(least).keys() == names - {"description", "tags"}


def test_the_private_key_is_nowhere(server, apigateway, certificate):
    listed = plans.everything(apigateway, "get_client_certificates", 1)
    assert certificate in listed
    for text in (str(listed), server.log()):
        assert "PRIVATE KEY" not in text


def test_no_two_are_the_same(apigateway, certificate):
    other = apigateway.generate_client_certificate()
    assert other["pemEncodedCertificate"] != certificate["pemEncodedCertificate"]
    serials = [fields(fields(fields(der_of(each["pemEncodedCertificate"]))[0][1])[0][1])[1] for each in (other, certificate)]
    assert serials[0] != serials[1]


def test_what_is_not_found(apigateway):
    place = {"clientCertificateId": "none"}
    assert refusal(apigateway.get_client_certificate, **place) == MISSING
    assert refusal(apigateway.update_client_certificate, **place, patchOperations=[]) == MISSING
    assert refusal(apigateway.delete_client_certificate, **place) == MISSING


def test_patches(apigateway, certificate):
    place = {"clientCertificateId": certificate["clientCertificateId"]}
    for value in ("text", "d"):
        updated = apigateway.update_client_certificate(**place, patchOperations=[patch("replace", "/description", value)])
        assert bare(updated) == {**certificate, "description": value}
    cleared = apigateway.update_client_certificate(**place, patchOperations=[patch("replace", "/description", "")])
    assert "description" not in cleared
    apigateway.update_client_certificate(**place, patchOperations=[patch("replace", "/description", "d")])
    for operation, text in [
        (patch("add", "/description", "x"), "Invalid patch operation specified. Must be one of: [replace]"),
        (patch("remove", "/description"), "Invalid patch operation specified. Must be one of: [replace]"),
        (patch("replace", "/expirationDate", "1"), "Invalid patch path /expirationDate"),
        (patch("replace", "/privateKey", "1"), "Invalid patch path /privateKey"),
    ]:
        assert refusal(apigateway.update_client_certificate, **place, patchOperations=[operation]) == bad_request(text)
    assert bare(apigateway.get_client_certificate(**place)) == certificate


def test_lists(server):
    client = server.client("apigateway", region="certificates-1")
    assert bare(client.get_client_certificates()) == {"items": []}
    made = [bare(client.generate_client_certificate()) for _ in range(3)]
    made.sort(key=lambda each: each["clientCertificateId"])
    for size in (None, 1, 2, 3):
        assert plans.everything(client, "get_client_certificates", size) == made


def test_tags(apigateway):
    made = apigateway.generate_client_certificate()
    place = {"clientCertificateId": made["clientCertificateId"]}
    arn = f"arn:aws:apigateway:us-east-1::/clientcertificates/{made['clientCertificateId']}"
    apigateway.tag_resource(resourceArn=arn, tags={"a": "1", "b": "2"})
    apigateway.untag_resource(resourceArn=arn, tagKeys=["a"])
    assert apigateway.get_tags(resourceArn=arn)["tags"] == apigateway.get_client_certificate(**place)["tags"] == {"b": "2"}


def set_certificate(client, api_id, stage, value):
    operations = [patch("replace", "/clientCertificateId", value)]
    return client.update_stage(restApiId=api_id, stageName=stage, patchOperations=operations)


def test_a_stage_names_one_that_is_there(apigateway):
    api_id = plans.api_with_stages(apigateway, "dev")
    text = "Invalid Client Certificate identifier specified"
    operations = [patch("replace", "/clientCertificateId", "none00")]
    assert refusal(apigateway.update_stage, restApiId=api_id, stageName="dev", patchOperations=operations) == bad_request(text)
    assert "clientCertificateId" not in apigateway.get_stage(restApiId=api_id, stageName="dev")


def test_one_in_use_stays_until_its_last_stage_lets_go(apigateway):
    one, two = (apigateway.generate_client_certificate()["clientCertificateId"] for _ in range(2))
    api_id = plans.api_with_stages(apigateway, "a", "b", "c")

    def is_kept(certificate_id):
        return refusal(apigateway.delete_client_certificate, clientCertificateId=certificate_id)[:2] == (409, "ConflictException")

    for stage in "abc":
        assert set_certificate(apigateway, api_id, stage, one)["clientCertificateId"] == one
    assert "clientCertificateId" not in set_certificate(apigateway, api_id, "a", "")
    assert is_kept(one)
    set_certificate(apigateway, api_id, "b", two)
    apigateway.delete_stage(restApiId=api_id, stageName="c")
    assert status(apigateway.delete_client_certificate(clientCertificateId=one)) == 202
    assert is_kept(two)
    apigateway.delete_rest_api(restApiId=api_id)
    apigateway.delete_client_certificate(clientCertificateId=two)
    assert refusal(apigateway.delete_client_certificate, clientCertificateId=two) == MISSING


def test_a_backend_without_tls_is_just_called(apigateway, invoke, backend):
    """Only HTTPS backends can ask for a certificate; test_private_links.py has one that does."""
    api_id, root_id = rest_apis.create(apigateway)
    rest_apis.add_proxy_method(apigateway, api_id, root_id, f"{backend.url}/")
    rest_apis.deploy(apigateway, api_id)
    made = apigateway.generate_client_certificate()
    set_certificate(apigateway, api_id, "dev", made["clientCertificateId"])
    assert invoke(api_id, "dev").status == 200
    [sent] = backend.requests
    assert "CERTIFICATE" not in str(sent), "a certificate is shown in a handshake, and in no field"
    set_certificate(apigateway, api_id, "dev", "")
    assert invoke(api_id, "dev").status == 200
