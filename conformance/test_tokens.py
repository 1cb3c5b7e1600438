"""Authorizers of tokens, made with boto3: issuers on loopback, rotation, what functions and backends see, documents."""

import json
import subprocess
import time

import pytest

import rest_apis
import wire
from methods import patch
from server import ACCOUNT, REGION, Server, clean_environment
from test_functions import CODE
from token_issuer import Issuer, Key, authority

ISSUER = "https://id.example.com"
OTHER = "https://other.example.com/"
DOWN = "https://down.example.com"
FILED = "https://filed.example.com"
POOL = f"arn:aws:cognito-idp:{REGION}:{ACCOUNT}:userpool/{REGION}_pool"
SOURCE = "method.request.header.Authorization"
UNAUTHORIZED = (401, {"message": "Unauthorized"})
REFETCH_MS = 300


@pytest.fixture(scope="module")
def issuers(tmp_path_factory):
    """By what they are called; `pool` is one of an emulator, `tls` has a certificate of an authority of its own."""
    ca_file, context = authority(tmp_path_factory.mktemp("authority"))
    started = {"id": Issuer(ISSUER), "other": Issuer(OTHER), "pool": Issuer(), "tls": Issuer(context=context), "local": Issuer()}
    # The same id as the first one's key.
    started["other"].keys = [Key("k1", "EC")]
    started["pool"].name = f"{started['pool'].url}/{REGION}_pool"
    started["ca_file"] = ca_file
    yield started
    for issuer in started.values():
        if isinstance(issuer, Issuer):
            issuer.stop()


@pytest.fixture(scope="module")
def filed():
    return Key("filed")


@pytest.fixture(scope="module")
def gateway(tmp_path_factory, issuers, filed):
    folder = tmp_path_factory.mktemp("tokens")
    (folder / "keys.json").write_text(json.dumps({"keys": [filed.jwk()]}))
    tables = {
        ISSUER: {"discovery_uri": f"{issuers['id'].url}/.well-known/openid-configuration", "allow_http": True},
        OTHER: {"jwks_uri": f"{issuers['other'].url}/keys", "allow_http": True},
        DOWN: {"jwks_uri": "http://127.0.0.1:1/keys", "allow_http": True},
        FILED: {"jwks_file": "keys.json"},
        POOL: {"issuer": issuers["pool"].name, "allow_http": True},
        issuers["tls"].url: {"ca_file": str(issuers["ca_file"])},
        issuers["local"].url: {"allow_http": True},
    }
    lines = ["[tokens]", f"refetch_interval_ms = {REFETCH_MS}"]
    for name, fields in tables.items():
        lines += [f"[token_issuers.{json.dumps(name)}]", *(f"{key} = {json.dumps(value)}" for key, value in fields.items())]
    (folder / "postern.toml").write_text("\n".join(lines) + "\n")
    arguments = ["--config", str(folder / "postern.toml"), "--function", f"echo={CODE / 'python'}:app.echo"]
    server = Server(folder / "data", arguments=arguments).start()
    yield server
    assert server.stop() == 0, server.log()


@pytest.fixture(scope="module")
def manage(gateway):
    return gateway.client("apigateway")


def configuration(*issuers, algorithms=("RS256", "ES256")):
    shown = [issuer if isinstance(issuer, dict) else {"issuer": issuer, "audiences": ["orders"]} for issuer in issuers]
    return {"issuers": shown, "defaultAlgorithms": list(algorithms)}


def jwt(*issuers):
    return {"type": "JWT", "jwtConfiguration": configuration(*issuers)}


def guarded(client, authorizer, scopes=()):
    """An API whose `/` takes a token, and `/scoped` one with a scope: (api id, authorizer id)."""
    api_id, root_id = rest_apis.create(client, "tokens")
    made = client.create_authorizer(restApiId=api_id, name="tokens", identitySource=SOURCE, **authorizer)
    scoped = rest_apis.add_resource(client, api_id, root_id, "scoped")
    for resource_id, own in ((root_id, []), (scoped, list(scopes))):
        rest_apis.add_mock_method(client, api_id, resource_id, '{"in": true}')
        operations = [
            patch("replace", "/authorizationType", authorizer["type"]),
            patch("replace", "/authorizerId", made["id"]),
            *(patch("add", "/authorizationScopes", scope) for scope in own),
        ]
        client.update_method(restApiId=api_id, resourceId=resource_id, httpMethod="GET", patchOperations=operations)
    rest_apis.deploy(client, api_id)
    return api_id, made["id"]


def call(gateway, api_id, token=None, path="/"):
    headers = [] if token is None else [("Authorization", f"Bearer {token}")]
    answer = wire.invoke(gateway, api_id, "dev", path, headers=headers)
    return answer.status, answer.json()


def eventually(check, expected, seconds=10):
    deadline = time.monotonic() + seconds
    while (seen := check()) != expected and time.monotonic() < deadline:
        time.sleep(0.05)
    assert seen == expected


IN = (200, {"in": True})


def test_tokens_of_several_issuers(gateway, manage, issuers, filed):
    api_id, _ = guarded(manage, jwt(ISSUER, OTHER, FILED), ["orders/read"])
    own, other = issuers["id"], issuers["other"]
    assert call(gateway, api_id, own.token()) == IN
    assert call(gateway, api_id, other.token()) == IN
    assert call(gateway, api_id, own.token(key=filed, iss=FILED)) == IN
    assert call(gateway, api_id, own.token(scope="x orders/read"), "/scoped") == IN
    for refused in [
        None,
        "",
        "x",
        own.token(key=other.keys[0]),
        other.token(key=own.keys[0]),
        own.token(key=Key("k1")),
        own.token(iss=OTHER.rstrip("/")),
        own.token(aud="stock"),
        own.token(nbf=int(time.time()) + 60),
        own.token(exp=None),
        own.keys[0].token({"iss": ISSUER, "aud": "orders", "exp": 9999999999}, alg="none"),
        own.keys[0].token({"iss": ISSUER, "aud": "orders", "exp": 9999999999}, crit=["b64"]),
    ]:
        assert call(gateway, api_id, refused) == UNAUTHORIZED, refused
    assert call(gateway, api_id, own.token(), "/scoped") == UNAUTHORIZED
    assert call(gateway, api_id, own.token(exp=1)) == (401, {"message": "The incoming token has expired"})


def test_a_rotation_is_followed(gateway, manage, issuers):
    own = issuers["id"]
    api_id, _ = guarded(manage, jwt(ISSUER))
    former, own.keys = own.keys, [Key("k2")]
    try:
        eventually(lambda: call(gateway, api_id, own.token()), IN)
        assert call(gateway, api_id, own.token(key=former[0])) == UNAUTHORIZED
    finally:
        own.keys = former
    time.sleep(REFETCH_MS / 1000)
    guesses = [own.token(key=Key(f"guess{number}", "EC")) for number in range(20)]
    begun, before = time.monotonic(), len(own.asked)
    assert {call(gateway, api_id, guess)[0] for guess in guesses} == {401}
    fetches = (len(own.asked) - before) / 2
    assert 1 <= fetches <= 1 + (time.monotonic() - begun) * 1000 / REFETCH_MS
    eventually(lambda: call(gateway, api_id, own.token()), IN)


def test_an_issuer_that_is_down(gateway, manage, tmp_path):
    """Keys that are known stay good; one that was never reached fails the request, and leaves the other issuers alone."""
    key = Key("k1")
    api_id, _ = guarded(manage, jwt(DOWN, FILED))
    claims = {"iss": DOWN, "aud": "orders", "exp": int(time.time()) + 60}
    answer = wire.invoke(gateway, api_id, "dev", headers=[("Authorization", key.token(claims))])
    assert (answer.status, answer.json()) == (500, {"message": None})
    assert call(gateway, api_id, key.token({**claims, "iss": "https://nobody.example.com"})) == UNAUTHORIZED
    issuer = Issuer(ISSUER)
    (tmp_path / "postern.toml").write_text(f'[token_issuers."{ISSUER}"]\njwks_uri = "{issuer.url}/keys"\nallow_http = true\n')
    server = Server(tmp_path / "data", arguments=["--config", str(tmp_path / "postern.toml")]).start()
    try:
        api_id, _ = guarded(server.client("apigateway"), jwt(ISSUER))
        assert call(server, api_id, issuer.token()) == IN
        issuer.stop()
        assert call(server, api_id, issuer.token()) == IN
        assert call(server, api_id, issuer.token(key=Key("k2"))) == UNAUTHORIZED
    finally:
        assert server.stop() == 0, server.log()


def test_a_change_of_issuers_takes_effect_with_a_deployment(gateway, manage, issuers):
    api_id, authorizer_id = guarded(manage, jwt(ISSUER))
    value = json.dumps(configuration(OTHER))
    place = {"restApiId": api_id, "authorizerId": authorizer_id}
    manage.update_authorizer(**place, patchOperations=[patch("replace", "/jwtConfiguration", value)])
    own, other = issuers["id"].token(), issuers["other"].token()
    assert (call(gateway, api_id, own), call(gateway, api_id, other)) == (IN, UNAUTHORIZED)
    rest_apis.deploy(manage, api_id)
    assert (call(gateway, api_id, own), call(gateway, api_id, other)) == (UNAUTHORIZED, IN)


def test_user_pools(gateway, manage, issuers):
    authorizer = {"type": "COGNITO_USER_POOLS", "providerARNs": [POOL], "identityValidationExpression": "client[0-9]"}
    pool = issuers["pool"]
    id_token = pool.token(token_use="id", aud="client1")
    api_id, authorizer_id = guarded(manage, authorizer, ["pets/read"])
    assert call(gateway, api_id, id_token) == IN
    assert pool.asked == [f"/{REGION}_pool/.well-known/jwks.json"]
    access = pool.token(token_use="access", aud=None, client_id="client1", scope="pets/read")
    for token, path in [(id_token, "/scoped"), (access, "/"), (access, "/scoped"), (pool.token(token_use="id"), "/")]:
        assert call(gateway, api_id, token, path) == UNAUTHORIZED, path
    operations = [patch("replace", "/identityValidationExpression", "")]
    manage.update_authorizer(restApiId=api_id, authorizerId=authorizer_id, patchOperations=operations)
    rest_apis.deploy(manage, api_id)
    assert call(gateway, api_id, access, "/scoped") == IN
    assert call(gateway, api_id, access) == UNAUTHORIZED


def test_an_authorizer_is_tested(manage, issuers):
    pool = {"type": "COGNITO_USER_POOLS", "providerARNs": [POOL]}
    for authorizer, token in [(jwt(ISSUER), issuers["id"].token()), (pool, issuers["pool"].token(token_use="id"))]:
        api_id, authorizer_id = guarded(manage, authorizer)
        place = {"restApiId": api_id, "authorizerId": authorizer_id}
        answer = manage.test_invoke_authorizer(**place, headers={"Authorization": token})
        assert (answer["clientStatus"], answer["claims"]["sub"]) == (0, "ann")
        assert token not in answer["log"]
        assert manage.test_invoke_authorizer(**place, headers={"Authorization": token[:-8]})["clientStatus"] == 401
        assert manage.test_invoke_authorizer(**place, headers={})["clientStatus"] == 401


def test_what_a_function_sees(gateway, manage, issuers):
    api_id, root_id = rest_apis.create(manage, "tokens")
    made = manage.create_authorizer(restApiId=api_id, name="jwt", identitySource=SOURCE, **jwt(ISSUER))
    method = {"restApiId": api_id, "resourceId": root_id, "httpMethod": "GET"}
    manage.put_method(**method, authorizationType="JWT", authorizerId=made["id"])
    function = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:echo"
    uri = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{function}/invocations"
    manage.put_integration(**method, type="AWS", integrationHttpMethod="POST", uri=uri, requestTemplates={
        "application/json": '{"claims": "$context.authorizer.claims.sub $context.authorizer.claims[\'x:y\']", '
        '"principal": "$context.authorizer.principalId", "all": "$context.authorizer.claims"}'
    })  # fmt: skip
    manage.put_method_response(**method, statusCode="200")
    manage.put_integration_response(**method, statusCode="200")
    rest_apis.deploy(manage, api_id)
    status, answer = call(gateway, api_id, issuers["id"].token(**{"x:y": [1, "b", True]}))
    assert status == 200
    seen = answer.get("event", answer)
    assert (seen["claims"], seen["principal"]) == ("ann 1,b,true", "ann")


@pytest.mark.parametrize("name", ["tls", "local"])
def test_issuers_that_only_the_operator_trusts(gateway, manage, issuers, tmp_path, name):
    """One with a certificate of an authority of its own, and one without any on this machine."""
    issuer = issuers[name]
    api_id, _ = guarded(manage, jwt(issuer.url))
    assert call(gateway, api_id, issuer.token()) == IN
    server = Server(tmp_path / "data").start()
    try:
        api_id, _ = guarded(server.client("apigateway"), jwt(issuer.url))
        before = len(issuer.asked)
        assert call(server, api_id, issuer.token()) == (500, {"message": None})
        assert len(issuer.asked) == before
    finally:
        assert server.stop() == 0, server.log()


def test_documents(gateway, manage, issuers):
    """Imported, exported and imported again, an authorizer lets in the same tokens."""
    extension = {"type": "jwt", "identitySource": SOURCE, "jwtConfiguration": configuration(ISSUER)}
    scheme = {"type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authorizer": extension}
    mock = {"type": "mock", "requestTemplates": {"application/json": '{"statusCode": 200}'}}
    mock["responses"] = {"default": {"statusCode": "200", "responseTemplates": {"application/json": '{"in": true}'}}}
    operation = {"responses": {"200": {"description": "in"}}, "x-amazon-apigateway-integration": mock}
    document = {
        "openapi": "3.0.1",
        "info": {"title": "tokens", "version": "1"},
        "paths": {
            "/": {"get": {**operation, "security": [{"jwt": []}]}},
            "/scoped": {"get": {**operation, "security": [{"jwt": ["orders/read"]}]}},
        },
        "components": {"securitySchemes": {"jwt": scheme}},
    }
    text = json.dumps(document)
    for _ in range(2):
        api_id = manage.import_rest_api(body=text, failOnWarnings=True)["id"]
        rest_apis.deploy(manage, api_id)
        own = issuers["id"]
        assert [call(gateway, api_id, own.token()), call(gateway, api_id)] == [IN, UNAUTHORIZED]
        assert call(gateway, api_id, own.token(), "/scoped") == UNAUTHORIZED
        assert call(gateway, api_id, own.token(scope="orders/read"), "/scoped") == IN
        exported = manage.get_export(
            restApiId=api_id, stageName="dev", exportType="oas30", parameters={"extensions": "apigateway,authorizers"}
        )
        text = exported["body"].read().decode()
        schemes = json.loads(text)["components"]["securitySchemes"]
        assert schemes["jwt"]["x-amazon-apigateway-authorizer"]["jwtConfiguration"] == configuration(ISSUER)


def test_a_configuration_that_could_let_nobody_in(tmp_path):
    for keys, part in [(None, "No such file"), ("{}", "no list `keys`"), ('{"keys": []}', "none of its keys can verify a token")]:
        (tmp_path / "postern.toml").write_text(f'[token_issuers."{ISSUER}"]\njwks_file = "keys.json"\n')
        if keys:
            (tmp_path / "keys.json").write_text(keys)
        server = Server(tmp_path / "data", arguments=["--config", str(tmp_path / "postern.toml")])
        ended = subprocess.run(
            [server.binary, "serve", "--data-dir", str(tmp_path / "data"), "--management", "127.0.0.1:0", "--http", "127.0.0.1:0"]
            + server.arguments,
            capture_output=True,
            text=True,
            timeout=30,
            env=clean_environment(),
        )
        assert ended.returncode != 0 and part in ended.stderr and "keys.json" in ended.stderr, ended
