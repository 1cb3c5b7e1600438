"""DomainName: the three endpoint types, certificates, every PATCH path, texts.

The certificate below was made for these tests and is known to everybody: it covers upload.example.com and one label more.
"""

import itertools
import json

import pytest

from answers import bare, patch, status
from refusals import bad_request, not_found, refusal
from server import ACCOUNT

CERTIFICATE = """-----BEGIN CERTIFICATE-----
MIIByDCCAW6gAwIBAgIUGnhe/a2ynRrP6f8gROjB6hvd9bEwCgYIKoZIzj0EAwIw
HTEbMBkGA1UEAwwSdXBsb2FkLmV4YW1wbGUuY29tMCAXDTI2MTEyMDE0Mjk0NFoY
DzIxMjYxMDI3MTQyOTQ0WjAdMRswGQYDVQQDDBJ1cGxvYWQuZXhhbXBsZS5jb20w
WTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAR2uFBCHGP5SDSLVVZ4oaURIzb8gVNl
MV2KtBtgo4wFVaYQiO+5bikHnka/8XfPpFuJeRZf4eJdbkKnDLvIL5cjo4GJMIGG
MB0GA1UdDgQWBBQ5Bs0KsvWZOOnOcqTpe3QfCrn0+jAfBgNVHSMEGDAWgBQ5Bs0K
svWZOOnOcqTpe3QfCrn0+jAPBgNVHRMBAf8EBTADAQH/MDMGA1UdEQQsMCqCEnVw
bG9hZC5leGFtcGxlLmNvbYIUKi51cGxvYWQuZXhhbXBsZS5jb20wCgYIKoZIzj0E
AwIDSAAwRQIgVCWJNZhV8pBwTMU/yum7PldBV0U9PxF4EnlSbAQQvIICIQCZUZW4
emaDTuGf6kfJjgjlhgNXpJZ0rbjxLs25MSXygw==
-----END CERTIFICATE-----
"""
KEY = """-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg2yjOrkg5kx/SInw9
hlIfOr88DzVHSjfV4qNpTKgj2ZGhRANCAAR2uFBCHGP5SDSLVVZ4oaURIzb8gVNl
MV2KtBtgo4wFVaYQiO+5bikHnka/8XfPpFuJeRZf4eJdbkKnDLvIL5cj
-----END PRIVATE KEY-----
"""
OTHER_KEY = """-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgZohxsfTYR/+NMYn8
Sae2bF4UzJok6XwhMR3jnGeg9O6hRANCAAQVDRo7wHzESM/pSUAB0/FtnVeSEMOA
77HbT+XzYKKxKKXNez8MBFURfBj9B8CnVpbTavXcVu2rzKgiCsk/pfHr
-----END PRIVATE KEY-----
"""

ARN = "arn:aws:acm:us-east-1:000000000000:certificate/1"
OTHER = "arn:aws:acm:us-east-1:000000000000:certificate/2"
MISSING = not_found("Invalid domain name identifier specified")
TAKEN = bad_request("The domain name you provided already exists.")
ONLY_REPLACE = "Invalid patch operation specified. Must be one of: [replace]"
AN_ENTRY = "Invalid patch operation specified. Must be one of: [add, remove, replace]"
ENHANCED = "SecurityPolicy_TLS13_1_3_2025_09"
POLICY = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"%s"}]}'

_numbers = itertools.count(1)


def new_name():
    return f"n{next(_numbers)}.domains.example.com"


@pytest.fixture
def create(apigateway):
    """Makes a domain name of a type: (what names it, the answer)."""

    def made(kind="REGIONAL", name=None, **members):
        certificate = {"regionalCertificateArn" if kind == "REGIONAL" else "certificateArn": ARN}
        given = {"domainName": name or new_name(), "endpointConfiguration": {"types": [kind]}, **certificate, **members}
        answer = bare(apigateway.create_domain_name(**{name: value for name, value in given.items() if value is not None}))
        place = {name: answer[name] for name in ("domainName", "domainNameId") if name in answer}
        return place, answer

    return made


def test_regional(apigateway, create):
    place, made = create()
    target = made["regionalDomainName"]
    assert target.startswith("d-") and target.endswith(".execute-api.us-east-1.amazonaws.com")
    assert made["regionalHostedZoneId"].startswith("Z")
    assert bare(made, "regionalDomainName", "regionalHostedZoneId") == {
        "domainName": place["domainName"],
        "domainNameArn": f"arn:aws:apigateway:us-east-1::/domainnames/{place['domainName']}",
        "domainNameStatus": "AVAILABLE",
        "endpointConfiguration": {"types": ["REGIONAL"], "ipAddressType": "ipv4"},
        "regionalCertificateArn": ARN,
        "routingMode": "BASE_PATH_MAPPING_ONLY",
        "securityPolicy": "TLS_1_2",
    }
    assert bare(apigateway.get_domain_name(**place)) == made


def test_edge_is_the_default(apigateway):
    name = new_name()
    answer = apigateway.create_domain_name(domainName=name, certificateArn=ARN, certificateName="label")
    assert status(answer) == 201
    made = bare(answer)
    assert made["endpointConfiguration"] == {"types": ["EDGE"], "ipAddressType": "ipv4"}
    assert made["distributionDomainName"].endswith(".cloudfront.net") and made["distributionHostedZoneId"] == "Z2FDTNDATAQYW2"
    assert made["certificateName"] == "label" and "certificateUploadDate" in made and "regionalDomainName" not in made
    assert bare(apigateway.get_domain_name(domainName=name)) == made


def test_private_names_stand_beside_public_ones(apigateway, create):
    name = new_name()
    public, shown = create(name=name)
    places = [create("PRIVATE", name=name)[0] for _ in range(2)]
    assert len({place["domainNameId"] for place in places}) == 2
    assert bare(apigateway.get_domain_name(domainName=name)) == shown
    private = bare(apigateway.get_domain_name(**places[0]))
    own = f"{name}+{places[0]['domainNameId']}"
    assert private["domainNameArn"] == f"arn:aws:apigateway:us-east-1:{ACCOUNT}:/domainnames/{own}"
    assert private["endpointConfiguration"] == {"types": ["PRIVATE"], "ipAddressType": "dualstack"}
    apigateway.delete_domain_name(**public)
    assert refusal(apigateway.get_domain_name, domainName=name) == MISSING
    assert bare(apigateway.get_domain_name(**places[1]))["domainName"] == name


def test_a_private_names_policy_is_written_out(apigateway, create):
    place, made = create("PRIVATE", policy=POLICY % "execute-api:/*")
    own = f"arn:aws:execute-api:us-east-1:{ACCOUNT}:/domainnames/{place['domainName']}+{place['domainNameId']}"
    assert made["policy"] == POLICY % own
    operations = [patch("replace", "/managementPolicy", POLICY % "*"), patch("replace", "/policy", "")]
    updated = bare(apigateway.update_domain_name(**place, patchOperations=operations))
    assert updated["managementPolicy"] == POLICY % "*" and "policy" not in updated


def test_a_name_is_taken_once(apigateway, server, create):
    place, _ = create()
    assert refusal(create, name=place["domainName"]) == TAKEN
    key = json.loads(server.run("keys", "create", "--account", "444444444444", "--json"))
    other = server.client("apigateway", credentials=(key["accessKeyId"], key["secretAccessKey"]))
    given = {"domainName": place["domainName"], "certificateArn": ARN}
    assert refusal(other.create_domain_name, **given) == TAKEN
    assert refusal(other.get_domain_name, **place) == MISSING
    # Another region is another matter, and a name that went may be had again.
    elsewhere = server.client("apigateway", region="eu-west-1")
    elsewhere.create_domain_name(**given)
    apigateway.delete_domain_name(**place)
    other.create_domain_name(**given)


@pytest.mark.parametrize("name", ["upload.example.com", "a.upload.example.com", "*.upload.example.com"])
def test_an_uploaded_certificate(apigateway, name):
    answer = apigateway.create_domain_name(
        domainName=name,
        certificateName="label",
        certificateBody=CERTIFICATE,
        certificatePrivateKey=KEY,
        certificateChain=CERTIFICATE,
    )
    shown = bare(apigateway.get_domain_name(domainName=name))
    assert shown == bare(answer)
    assert shown["certificateName"] == "label" and "certificateUploadDate" in shown and "certificateArn" not in shown
    for text in (str(answer), str(shown)):
        assert "PRIVATE" not in text and "BEGIN" not in text
    replaced = apigateway.update_domain_name(domainName=name, patchOperations=[patch("replace", "/certificateArn", ARN)])
    assert replaced["certificateArn"] == ARN
    apigateway.delete_domain_name(domainName=name)


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"certificatePrivateKey": OTHER_KEY}, "certificatePrivateKey does not belong to certificateBody"),
        ({"domainName": "a.b.upload.example.com"}, "its subject alternative names do not cover the domain name"),
        ({"domainName": "other.example.com"}, "its subject alternative names do not cover the domain name"),
        ({"certificateBody": "nonsense"}, "certificateBody holds no certificate in PEM"),
        ({"certificateBody": CERTIFICATE + CERTIFICATE}, "certificateBody must hold exactly one certificate in PEM"),
        ({"certificateBody": KEY}, "certificateBody holds no certificate in PEM"),
        ({"certificatePrivateKey": CERTIFICATE}, "certificatePrivateKey is no RSA, ECDSA or Ed25519 key in PEM"),
        ({"certificatePrivateKey": None}, "certificatePrivateKey is missing"),
        ({"certificateBody": None}, "certificateBody is missing"),
        ({"certificateChain": "nonsense"}, "certificateChain holds no certificate in PEM"),
        ({"certificateChain": CERTIFICATE * 6}, "certificateChain can hold at most 5 certificates"),
        ({"certificateBody": CERTIFICATE + " " * 65536}, "certificateBody is too long"),
    ],
)
def test_refused_uploads(apigateway, server, members, reason):
    given = {"domainName": "upload.example.com", "certificateBody": CERTIFICATE, "certificatePrivateKey": KEY, **members}
    given = {name: value for name, value in given.items() if value is not None}
    assert refusal(apigateway.create_domain_name, **given) == bad_request(f"Invalid certificate: {reason}.")
    assert KEY.splitlines()[1] not in server.log()


MUTUAL = {"truststoreUri": "s3://bucket/key.pem", "truststoreVersion": "v1"}


@pytest.mark.parametrize(
    ("kind", "members", "refused"),
    [
        ("EDGE", {"certificateArn": None}, "A certificate was not provided for the endpoint type EDGE."),
        ("REGIONAL", {"regionalCertificateArn": None}, "A certificate was not provided for the endpoint type REGIONAL."),
        ("PRIVATE", {"certificateArn": None}, "A certificate was not provided for the endpoint type PRIVATE."),
        ("REGIONAL", {"certificateArn": ARN}, "Cannot import certificates for EDGE while REGIONAL is active."),
        ("EDGE", {"regionalCertificateArn": ARN}, "Cannot import certificates for REGIONAL while EDGE is active."),
        (
            "REGIONAL",
            {"name": "upload.example.com", "certificateBody": CERTIFICATE, "certificatePrivateKey": KEY},
            "Uploading certificates is not supported for REGIONAL.",
        ),
        (
            "REGIONAL",
            {"regionalCertificateArn": ARN.replace("us-east-1", "eu-west-1")},
            f"Invalid certificate ARN: {ARN.replace('us-east-1', 'eu-west-1')}. Certificate must be in 'us-east-1'.",
        ),
        (
            "EDGE",
            {"certificateArn": "nonsense"},
            "Invalid certificate ARN: nonsense. It must be the ARN of a certificate in ACM.",
        ),
        (
            "EDGE",
            {"name": "Upper.example.com"},
            "Invalid domain name specified: use labels of a-z, 0-9 and - with dots between them",
        ),
        ("EDGE", {"endpointConfiguration": {"types": ["EDGE", "REGIONAL"]}}, "Cannot create a domain name with multiple Endpoint Types."),
        ("EDGE", {"policy": POLICY % "*"}, "Policies can only be specified for private domain names."),
        ("EDGE", {"securityPolicy": ENHANCED}, f"securityPolicy {ENHANCED} is not supported for EDGE domain names."),
        ("REGIONAL", {"securityPolicy": ENHANCED}, f"endpointAccessMode must be specified with securityPolicy {ENHANCED}."),
        ("REGIONAL", {"endpointAccessMode": "BASIC"}, "endpointAccessMode can only be specified with an enhanced securityPolicy."),
        ("PRIVATE", {"name": "*.example.com"}, "Wildcard custom domain names are not supported for private domain names."),
        (
            "EDGE",
            {"mutualTlsAuthentication": MUTUAL},
            "Mutual TLS authentication is only supported for REGIONAL domain names with the securityPolicy TLS_1_2.",
        ),
        (
            "REGIONAL",
            {"mutualTlsAuthentication": {"truststoreUri": "https://a/b"}},
            "Invalid truststoreUri specified. It must be in the format s3://bucket-name/key-name.",
        ),
        (
            "REGIONAL",
            {"ownershipVerificationCertificateArn": ARN},
            "ownershipVerificationCertificateArn can only be specified with mutualTlsAuthentication.",
        ),
    ],
)
def test_refused_creates(create, kind, members, refused):
    assert refusal(create, kind=kind, **members) == bad_request(refused)


@pytest.mark.parametrize(
    ("kind", "operations", "changed"),
    [
        ("EDGE", [patch("add", "/certificateArn", OTHER)], {"certificateArn": OTHER}),
        ("EDGE", [patch("replace", "/certificateArn", OTHER)], {"certificateArn": OTHER}),
        *[("EDGE", [patch(op, "/certificateName", "a")], {"certificateName": "a"}) for op in ("add", "replace")],
        ("EDGE", [patch("remove", "/certificateName")], {}),
        *[("REGIONAL", [patch(op, "/regionalCertificateArn", OTHER)], {"regionalCertificateArn": OTHER}) for op in ("add", "replace")],
        *[("REGIONAL", [patch(op, "/regionalCertificateName", "a")], {"regionalCertificateName": "a"}) for op in ("add", "replace")],
        ("REGIONAL", [patch("remove", "/regionalCertificateName")], {}),
        (
            "REGIONAL",
            [patch("replace", "/endpointConfiguration/ipAddressType", "dualstack")],
            {"endpointConfiguration": {"types": ["REGIONAL"], "ipAddressType": "dualstack"}},
        ),
        (
            "REGIONAL",
            [patch("replace", "/securityPolicy", ENHANCED), patch("replace", "/endpointAccessMode", "STRICT")],
            {"securityPolicy": ENHANCED, "endpointAccessMode": "STRICT"},
        ),
        ("REGIONAL", [patch("replace", "/endpointAccessMode", "")], {}),
        ("REGIONAL", [patch("replace", "/securityPolicy", "TLS_1_0")], {"securityPolicy": "TLS_1_0"}),
        *[
            (
                "REGIONAL",
                [
                    patch(op, "/mutualTlsAuthentication/truststoreUri", MUTUAL["truststoreUri"]),
                    patch(op, "/mutualTlsAuthentication/truststoreVersion", "v1"),
                    patch(op, "/ownershipVerificationCertificateArn", OTHER),
                ],
                {"mutualTlsAuthentication": MUTUAL, "ownershipVerificationCertificateArn": OTHER},
            )
            for op in ("add", "replace")
        ],
        ("REGIONAL", [patch("remove", "/ownershipVerificationCertificateArn")], {}),
        ("REGIONAL", [patch("replace", "/routingMode", "ROUTING_RULE_ONLY")], {"routingMode": "ROUTING_RULE_ONLY"}),
    ],
)
def test_patches(apigateway, create, kind, operations, changed):
    place, made = create(kind)
    updated = bare(apigateway.update_domain_name(**place, patchOperations=operations))
    assert updated == {**made, **changed}
    assert bare(apigateway.get_domain_name(**place)) == updated


def test_mutual_tls_is_switched_off_by_an_empty_address(apigateway, create):
    place, made = create(mutualTlsAuthentication=MUTUAL)
    assert made["mutualTlsAuthentication"] == MUTUAL
    newer = apigateway.update_domain_name(
        **place, patchOperations=[patch("replace", "/mutualTlsAuthentication/truststoreVersion", "v2")]
    )
    assert newer["mutualTlsAuthentication"] == {**MUTUAL, "truststoreVersion": "v2"}
    for op, value in [("replace", ""), ("remove", None)]:
        operations = [patch(op, "/mutualTlsAuthentication/truststoreUri", value)]
        assert "mutualTlsAuthentication" not in apigateway.update_domain_name(**place, patchOperations=operations)
        apigateway.update_domain_name(
            **place, patchOperations=[patch("add", "/mutualTlsAuthentication/truststoreUri", MUTUAL["truststoreUri"])]
        )


def test_a_name_is_moved_from_edge_to_regional(apigateway, create):
    place, made = create("EDGE")
    both = [patch("add", "/endpointConfiguration/types", "REGIONAL"), patch("add", "/regionalCertificateArn", OTHER)]
    between = bare(apigateway.update_domain_name(**place, patchOperations=both))
    assert between["endpointConfiguration"]["types"] == ["EDGE", "REGIONAL"]
    assert (between["certificateArn"], between["regionalCertificateArn"]) == (ARN, OTHER)
    assert between["distributionDomainName"] == made["distributionDomainName"] and "regionalDomainName" in between
    change = [patch("replace", "/securityPolicy", "TLS_1_0")]
    assert refusal(apigateway.update_domain_name, **place, patchOperations=change)[:2] == (400, "BadRequestException")
    end = [patch("remove", "/endpointConfiguration/types", "EDGE"), patch("remove", "/certificateArn")]
    moved = bare(apigateway.update_domain_name(**place, patchOperations=end))
    assert moved["regionalDomainName"] == between["regionalDomainName"]
    assert not {"certificateArn", "distributionDomainName", "certificateUploadDate"} & moved.keys()


@pytest.mark.parametrize("index", ["0", "EDGE"])
def test_a_type_is_replaced(apigateway, create, index):
    place, _ = create("EDGE")
    operations = [patch("replace", f"/endpointConfiguration/types/{index}", "REGIONAL"), patch("replace", "/regionalCertificateArn", ARN)]
    assert apigateway.update_domain_name(**place, patchOperations=operations)["endpointConfiguration"]["types"] == ["REGIONAL"]


@pytest.mark.parametrize(
    ("operation", "refused"),
    [
        *[
            (patch("add", path, "x"), ONLY_REPLACE)
            for path in (
                "/securityPolicy",
                "/routingMode",
                "/endpointAccessMode",
                "/policy",
                "/managementPolicy",
                "/endpointConfiguration/ipAddressType",
                "/endpointConfiguration/types/0",
            )
        ],
        *[
            (patch("copy", path, "x"), AN_ENTRY)
            for path in (
                "/certificateArn",
                "/certificateName",
                "/regionalCertificateArn",
                "/regionalCertificateName",
                "/ownershipVerificationCertificateArn",
                "/mutualTlsAuthentication/truststoreUri",
                "/mutualTlsAuthentication/truststoreVersion",
            )
        ],
        (patch("replace", "/endpointConfiguration/types", "EDGE"), "Invalid patch operation specified. Must be one of: [add, remove]"),
        (patch("add", "/endpointConfiguration/types", "x"), "Invalid endpoint type specified: x"),
        (patch("replace", "/endpointConfiguration/types/7", "EDGE"), "Invalid patch path /endpointConfiguration/types/7"),
        (patch("replace", "/domainName", "x"), "Invalid patch path /domainName"),
        (patch("replace", "/mutualTlsAuthentication", "x"), "Invalid patch path /mutualTlsAuthentication"),
        (patch("replace", "/securityPolicy", "x"), "Invalid securityPolicy specified: x"),
        (patch("remove", "/regionalCertificateArn"), "A certificate was not provided for the endpoint type REGIONAL."),
        (patch("replace", "/policy", POLICY % "*"), "Policies can only be specified for private domain names."),
    ],
)
def test_what_a_patch_cannot_do(apigateway, create, operation, refused):
    place, made = create()
    operations = [patch("replace", "/regionalCertificateName", "first"), operation]
    assert refusal(apigateway.update_domain_name, **place, patchOperations=operations) == bad_request(refused)
    assert bare(apigateway.get_domain_name(**place)) == made
    assert bare(apigateway.update_domain_name(**place, patchOperations=[])) == made


def test_what_is_not_found(apigateway, create):
    place, _ = create("PRIVATE")
    for unknown in ({"domainName": "none.example.com"}, {"domainName": place["domainName"]}, {**place, "domainNameId": "zzzzzzzz"}):
        assert refusal(apigateway.get_domain_name, **unknown) == MISSING
        assert refusal(apigateway.update_domain_name, **unknown, patchOperations=[]) == MISSING
        assert refusal(apigateway.delete_domain_name, **unknown) == MISSING


def test_pages_and_owners(server):
    client = server.client("apigateway", region="domains-1")
    arn = ARN.replace("us-east-1", "domains-1")
    made = {new_name() for _ in range(7)}
    for name in made:
        client.create_domain_name(
            domainName=name, regionalCertificateArn=arn, endpointConfiguration={"types": ["REGIONAL"]}
        )
    pages = list(client.get_paginator("get_domain_names").paginate(PaginationConfig={"PageSize": 3}))
    assert [len(page["items"]) for page in pages] == [3, 3, 1]
    assert {item["domainName"] for page in pages for item in page["items"]} == made
    assert len(client.get_domain_names(resourceOwner="SELF")["items"]) == 7
    assert client.get_domain_names(resourceOwner="OTHER_ACCOUNTS")["items"] == []


@pytest.mark.parametrize("kind", ["REGIONAL", "PRIVATE"])
def test_tags(apigateway, create, kind):
    place, made = create(kind, tags={"a": "1"})
    arn = made["domainNameArn"]
    apigateway.tag_resource(resourceArn=arn, tags={"a": "2", "b": "3"})
    apigateway.untag_resource(resourceArn=arn, tagKeys=["a"])
    assert apigateway.get_tags(resourceArn=arn)["tags"] == apigateway.get_domain_name(**place)["tags"] == {"b": "3"}
    apigateway.delete_domain_name(**place)
    assert refusal(apigateway.get_tags, resourceArn=arn) == MISSING
    assert refusal(apigateway.tag_resource, resourceArn=arn, tags={"a": "1"}) == MISSING


OWN = ("regionalDomainName", "regionalHostedZoneId", "domainNameArn", "domainNameStatus", "tags")


def test_terraform(apigateway, create):
    place, made = create(name=new_name(), securityPolicy="TLS_1_2", mutualTlsAuthentication=MUTUAL, tags={"a": "1"})
    read = lambda: bare(apigateway.get_domain_name(**place), *OWN)
    shown = read()
    assert shown["mutualTlsAuthentication"] == MUTUAL and made["tags"] == {"a": "1"}
    operations = [
        patch("replace", "/mutualTlsAuthentication/truststoreUri", ""),
        patch("replace", "/regionalCertificateArn", OTHER),
        patch("replace", "/securityPolicy", "TLS_1_0"),
    ]
    answer = apigateway.update_domain_name(**place, patchOperations=operations)
    assert answer["domainNameStatus"] == "AVAILABLE"
    del shown["mutualTlsAuthentication"]
    assert read() == {**shown, "regionalCertificateArn": OTHER, "securityPolicy": "TLS_1_0"}
    assert status(apigateway.delete_domain_name(**place)) == 202
    assert refusal(apigateway.get_domain_name, **place)[:2] == (404, "NotFoundException")


class TestAccessAssociations:
    """A VPC endpoint's way to a private domain name."""

    UNKNOWN = not_found("Invalid domain name access association identifier specified")
    INVALID = bad_request("Invalid ARN specified in the request")

    def associate(self, apigateway, domain, source="vpce-0123456789abcdef0", **more):
        return apigateway.create_domain_name_access_association(
            domainNameArn=domain["domainNameArn"], accessAssociationSourceType="VPCE", accessAssociationSource=source, **more
        )

    def arns(self, apigateway):
        found, position = [], None
        while True:
            given = {"resourceOwner": "SELF", "limit": 2, **({"position": position} if position else {})}
            page = apigateway.get_domain_name_access_associations(**given)
            found += [item["domainNameAccessAssociationArn"] for item in page["items"]]
            position = page.get("position")
            if position is None:
                return found

    def test_terraform(self, apigateway, create):
        """Create, look for it on all pages of one's own, tag it, delete it by ARN."""
        place, domain = create("PRIVATE")
        made = self.associate(apigateway, domain, tags={"a": "1"})
        assert status(made) == 201
        own = f"{place['domainName']}+{place['domainNameId']}"
        arn = f"arn:aws:apigateway:us-east-1:{ACCOUNT}:/domainnameaccessassociations/domainname/{own}/vpcesource/vpce-0123456789abcdef0"
        assert bare(made) == {
            "accessAssociationSource": "vpce-0123456789abcdef0",
            "accessAssociationSourceType": "VPCE",
            "domainNameAccessAssociationArn": arn,
            "domainNameArn": domain["domainNameArn"],
            "tags": {"a": "1"},
        }
        assert arn in self.arns(apigateway)
        apigateway.untag_resource(resourceArn=arn, tagKeys=["a"])
        apigateway.tag_resource(resourceArn=arn, tags={"b": "2"})
        assert apigateway.get_tags(resourceArn=arn)["tags"] == {"b": "2"}
        assert status(apigateway.delete_domain_name_access_association(domainNameAccessAssociationArn=arn)) == 202
        assert arn not in self.arns(apigateway)
        assert refusal(apigateway.delete_domain_name_access_association, domainNameAccessAssociationArn=arn) == self.UNKNOWN
        assert refusal(apigateway.get_tags, resourceArn=arn) == self.UNKNOWN

    def test_several_pages(self, apigateway, create):
        _, domain = create("PRIVATE")
        made = {self.associate(apigateway, domain, f"vpce-{n}")["domainNameAccessAssociationArn"] for n in range(5)}
        found = self.arns(apigateway)
        assert made <= set(found) and len(found) == len(set(found))
        assert apigateway.get_domain_name_access_associations(resourceOwner="OTHER_ACCOUNTS")["items"] == []

    def test_refused_creates(self, apigateway, create):
        place, domain = create("PRIVATE")
        _, public = create()
        self.associate(apigateway, domain, "vpce-1")
        again = refusal(self.associate, apigateway=apigateway, domain=domain, source="vpce-1")
        assert again[:2] == (409, "ConflictException")
        # The endpoint could not tell two of the same name apart.
        _, namesake = create("PRIVATE", name=place["domainName"])
        assert refusal(self.associate, apigateway=apigateway, domain=namesake, source="vpce-1")[:2] == (409, "ConflictException")
        assert refusal(self.associate, apigateway=apigateway, domain=public) == self.INVALID
        assert refusal(self.associate, apigateway=apigateway, domain={"domainNameArn": "nonsense"}) == self.INVALID
        gone = {"domainNameArn": domain["domainNameArn"][:-8] + "zzzzzzzz"}
        assert refusal(self.associate, apigateway=apigateway, domain=gone) == bad_request(MISSING[2])
        foreign = {"domainNameArn": domain["domainNameArn"].replace(ACCOUNT, "999999999999")}
        assert refusal(self.associate, apigateway=apigateway, domain=foreign) == bad_request(MISSING[2])
        text = bad_request("Invalid access association source specified: eni-1")
        assert refusal(self.associate, apigateway=apigateway, domain=domain, source="eni-1") == text

    def test_a_domain_with_associations_stays(self, apigateway, create):
        place, domain = create("PRIVATE")
        arn = self.associate(apigateway, domain)["domainNameAccessAssociationArn"]
        text = "Cannot delete the domain name while it has domain name access associations. Please delete them first."
        assert refusal(apigateway.delete_domain_name, **place) == bad_request(text)
        apigateway.delete_domain_name_access_association(domainNameAccessAssociationArn=arn)
        apigateway.delete_domain_name(**place)

    def test_only_other_accounts_are_rejected(self, apigateway, create):
        """Others cannot associate yet, so there is nothing that a rejection could end."""
        _, domain = create("PRIVATE")
        arn = self.associate(apigateway, domain)["domainNameAccessAssociationArn"]
        reject = apigateway.reject_domain_name_access_association
        names = {"domainNameArn": domain["domainNameArn"], "domainNameAccessAssociationArn": arn}
        own = bad_request("Cannot reject an access association of your own account. Delete it instead.")
        assert refusal(reject, **names) == own
        other = {"domainNameAccessAssociationArn": arn.replace(f":{ACCOUNT}:", ":999999999999:")}
        assert refusal(reject, **{**names, **other}) == self.UNKNOWN
        assert refusal(reject, **{**names, "domainNameArn": domain["domainNameArn"][:-8] + "zzzzzzzz"}) == MISSING
        for member in names:
            assert refusal(reject, **{**names, member: "nonsense"}) == self.INVALID
