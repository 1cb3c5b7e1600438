"""Who may call: resource policies, methods with AWS_IAM and botocore as their signer, and keys that may only do some things."""

import datetime
import json
import time

import pytest
from botocore.exceptions import ClientError

import rest_apis
import signing
import wire
from server import ACCOUNT, REGION

OTHER = "222222222222"
MISMATCH = "The request signature we calculated does not match the signature you provided."


def statement(effect, resource="*", principal="*", action="execute-api:Invoke", **rest):
    made = {"Effect": effect, "Action": action, "Resource": resource, **rest}
    return made if principal is None else {**made, "Principal": principal}


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


@pytest.fixture
def make_key(server, tmp_path):
    """Makes an access key: (id, secret)."""

    def make(policy=None, account=ACCOUNT):
        arguments = ["keys", "create", "--json", "--account", account]
        if policy is not None:
            path = tmp_path / "policy.json"
            path.write_text(policy)
            arguments += ["--policy", str(path)]
        made = json.loads(server.run(*arguments))
        return made["accessKeyId"], made["secretAccessKey"]

    return make


def deployed(client, policy=None, authorization="NONE"):
    arguments = {"policy": policy} if policy else {}
    api = client.create_rest_api(name="access", **arguments)
    pets = rest_apis.add_resource(client, api["id"], api["rootResourceId"], "pets")
    place = {"restApiId": api["id"], "resourceId": pets}
    for verb in ("GET", "POST"):
        rest_apis.add_mock_method(client, api["id"], pets, '{"pets": []}', method=verb)
        client.update_method(**place, httpMethod=verb, patchOperations=[{"op": "replace", "path": "/authorizationType", "value": authorization}])
    rest_apis.deploy(client, api["id"])
    return api["id"]


def signed(server, api_id, method="GET", path="/pets", body=b"", credentials=None, when=None, service="execute-api", region=REGION, headers=None):
    """Signs as botocore does for the host of the API, and sends to the server's address."""
    host = wire.api_host(api_id)
    request = signing.AWSRequest(method=method, url=f"http://{host}/dev{path}", data=body, headers=headers or {})
    with signing._clock(when):
        signing.SigV4Auth(signing.Credentials(*(credentials or server.credentials())), service, region).add_auth(request)
    fields = dict(request.headers.items())
    return fields, wire.request(server.http, method, f"/dev{path}", fields, body or None, host=host)


def presigned(server, api_id, expires=60, credentials=None, when=None):
    host = wire.api_host(api_id)
    request = signing.AWSRequest(method="GET", url=f"http://{host}/dev/pets", data=b"", headers={})
    with signing._clock(when):
        auth = signing.SigV4QueryAuth(signing.Credentials(*(credentials or server.credentials())), "execute-api", REGION, expires=expires)
        auth.add_auth(request)
    return request.url.split(host, 1)[1]


def is_refused(answer, kind, text=None):
    assert (answer.status, answer.header("x-amzn-ErrorType")) == (403, kind), answer
    if text:
        body = answer.json()
        assert body.get("message", body.get("Message")).startswith(text), body


ROWS = [
    ("allow", [statement("Allow")], True),
    ("shorthand", [statement("Allow", "execute-api:/dev/GET/pets")], True),
    ("another stage", [statement("Allow", "execute-api:/prod/GET/pets")], False),
    ("another API", [statement("Allow", f"arn:aws:execute-api:{REGION}:{ACCOUNT}:abcde12345/*")], False),
    ("deny", [statement("Allow"), statement("Deny", "execute-api:/*/GET/*")], None),
    ("address", [statement("Allow", Condition={"IpAddress": {"aws:SourceIp": "127.0.0.1"}})], True),
    ("other address", [statement("Allow", Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}})], False),
]


@pytest.mark.parametrize(("statements", "allowed"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_a_resource_policy_decides_over_methods_that_anyone_may_call(apigateway, invoke, statements, allowed):
    api_id = deployed(apigateway, document(*statements))
    answer = invoke(api_id, "dev", "/pets")
    if allowed:
        assert answer.status == 200, answer
        return
    assert (answer.status, answer.header("x-amzn-ErrorType")) == (403, "AccessDeniedException")
    end = " with an explicit deny" if allowed is None else ""
    resource = f"arn:aws:execute-api:{REGION}:********{ACCOUNT[-4:]}:{api_id}/dev/GET/pets"
    assert answer.json() == {"Message": f"User: anonymous is not authorized to perform: execute-api:Invoke on resource: {resource}{end}"}


def test_a_policy_takes_effect_with_a_deployment(apigateway, invoke):
    api_id = deployed(apigateway)
    change = {"op": "replace", "path": "/policy", "value": document(statement("Deny"))}
    apigateway.update_rest_api(restApiId=api_id, patchOperations=[change])
    assert invoke(api_id, "dev", "/pets").status == 200
    rest_apis.deploy(apigateway, api_id)
    assert invoke(api_id, "dev", "/pets").status == 403
    apigateway.update_rest_api(restApiId=api_id, patchOperations=[{**change, "value": ""}])
    rest_apis.deploy(apigateway, api_id)
    assert invoke(api_id, "dev", "/pets").status == 200


@pytest.mark.parametrize("path", ["/pets/", "//pets", "/%70ets", "/%70%65ts/"])
def test_no_spelling_of_a_path_gets_round_a_denial(apigateway, invoke, path):
    api_id = deployed(apigateway, document(statement("Allow"), statement("Deny", "execute-api:/*/*/pets")))
    assert invoke(api_id, "dev", path).status == 403
    assert invoke(api_id, "dev", path, form="aws").status == 403


def test_signed_calls(server, apigateway, invoke, make_key):
    api_id = deployed(apigateway, authorization="AWS_IAM")
    is_refused(invoke(api_id, "dev", "/pets"), "MissingAuthenticationTokenException", "Missing Authentication Token")
    fields, answer = signed(server, api_id)
    assert (answer.status, answer.json()) == (200, {"pets": []})
    assert signed(server, api_id, "POST", body=b'{"a": 1}')[1].status == 200
    host = wire.api_host(api_id)
    assert wire.request(server.http, "GET", presigned(server, api_id), (), host=host).status == 200
    # What is signed is this request and no other.
    mismatch = ("InvalidSignatureException", MISMATCH)
    is_refused(wire.request(server.http, "POST", "/dev/pets", fields, b"x", host=host), *mismatch)
    is_refused(wire.request(server.http, "GET", "/dev/pets?a=1", fields, host=host), *mismatch)
    is_refused(wire.request(server.http, "GET", "/dev/pets/", fields, host=host), *mismatch)
    is_refused(wire.request(server.http, "GET", presigned(server, api_id), fields, host=host), "IncompleteSignatureException")
    is_refused(signed(server, api_id, service="apigateway")[1], "InvalidSignatureException", "Credential should be scoped to correct service")
    is_refused(signed(server, api_id, region="eu-west-1")[1], "InvalidSignatureException", "Credential should be scoped to a valid region")
    key_id, _ = server.credentials()
    is_refused(signed(server, api_id, credentials=(key_id, "wrong"))[1], *mismatch)
    is_refused(signed(server, api_id, credentials=("AKIANOBODY", "x"))[1], "UnrecognizedClientException")
    late = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=6)
    is_refused(signed(server, api_id, when=late)[1], "InvalidSignatureException", "Signature expired: ")
    is_refused(wire.request(server.http, "GET", presigned(server, api_id, when=late), (), host=host), "InvalidSignatureException")


def test_a_callers_own_policy_and_that_of_the_api(server, apigateway, make_key):
    reader = make_key(document(statement("Allow", f"arn:aws:execute-api:{REGION}:{ACCOUNT}:*/dev/GET/*", None)))
    api_id = deployed(apigateway, authorization="AWS_IAM")
    assert signed(server, api_id, credentials=reader)[1].status == 200
    _, answer = signed(server, api_id, "POST", credentials=reader)
    text = f"User: arn:aws:iam::{ACCOUNT}:user/{reader[0]} is not authorized to perform: execute-api:Invoke on resource: arn:aws:"
    is_refused(answer, "AccessDeniedException", text)
    stranger = make_key(account=OTHER)
    is_refused(signed(server, api_id, credentials=stranger)[1], "AccessDeniedException", f"User: arn:aws:iam::{OTHER}:root is not")
    shared = deployed(apigateway, document(statement("Allow", principal={"AWS": OTHER})), "AWS_IAM")
    assert signed(server, shared, credentials=stranger)[1].status == 200


def test_a_revoked_key_calls_nothing_within_a_second(server, apigateway, make_key):
    api_id = deployed(apigateway, authorization="AWS_IAM")
    key = make_key()
    assert signed(server, api_id, credentials=key)[1].status == 200
    server.run("keys", "revoke", key[0])
    time.sleep(1)
    is_refused(signed(server, api_id, credentials=key)[1], "UnrecognizedClientException")


def refused(call, **arguments):
    with pytest.raises(ClientError) as error:
        call(**arguments)
    assert (error.value.response["Error"]["Code"], error.value.response["ResponseMetadata"]["HTTPStatusCode"]) == ("AccessDeniedException", 403)
    return error.value.response["Error"]["Message"]


def test_a_key_that_only_reads(server, apigateway, make_key):
    api_id, root_id = rest_apis.create(apigateway)
    key = make_key(document(statement("Allow", principal=None, action="apigateway:GET")))
    client = server.client(credentials=key)
    assert client.get_rest_api(restApiId=api_id)["id"] == api_id
    arn = f"arn:aws:apigateway:{REGION}::/restapis/{api_id}"
    assert client.get_tags(resourceArn=arn)["tags"] == {}
    text = refused(client.create_rest_api, name="x")
    assert text == (
        f"User: arn:aws:iam::{ACCOUNT}:user/{key[0]} is not authorized to perform: apigateway:POST on resource: "
        f"arn:aws:apigateway:{REGION}::/restapis because no identity-based policy allows the apigateway:POST action"
    )
    refused(client.delete_rest_api, restApiId=api_id)
    refused(client.put_method, restApiId=api_id, resourceId=root_id, httpMethod="GET", authorizationType="NONE")
    refused(client.tag_resource, resourceArn=arn, tags={"a": "b"})
    refused(server.client("apigatewayv2", credentials=key).create_api, Name="x", ProtocolType="HTTP")
    assert apigateway.get_rest_api(restApiId=api_id)["id"] == api_id


def test_a_key_of_one_api(server, apigateway, make_key):
    own, _ = rest_apis.create(apigateway)
    other, _ = rest_apis.create(apigateway)
    base = f"arn:aws:apigateway:{REGION}::/restapis"
    resources = [f"{base}/{own}", f"{base}/{own}/*"]
    client = server.client(credentials=make_key(document(statement("Allow", resources, None, "apigateway:*"))))
    patch = [{"op": "replace", "path": "/name", "value": "mine"}]
    assert client.update_rest_api(restApiId=own, patchOperations=patch)["name"] == "mine"
    assert client.get_resources(restApiId=own)["items"]
    refused(client.get_rest_api, restApiId=other)
    refused(client.update_rest_api, restApiId=other, patchOperations=patch)
    refused(client.get_rest_apis)
    refused(client.create_rest_api, name="x", cloneFrom=own)


def test_keys_show_their_policies(server, make_key):
    policy = document(statement("Allow", principal=None, action="apigateway:GET"))
    key_id, _ = make_key(policy)
    shown = {key["accessKeyId"]: key["policy"] for key in json.loads(server.run("keys", "list", "--json"))}
    assert shown[key_id] == json.loads(policy) and shown[server.credentials()[0]] is None
