"""HTTP_PROXY: what reaches the backend, and what of its answer reaches the client."""

import re

import pytest

import rest_apis


def build(client, backend, uri="/{rest}", stage_arguments=None, **integration):
    """An API whose `/in/{proxy+}` goes to the backend; the path is mapped to `{rest}`."""
    api_id, root_id = rest_apis.create(client)
    parent = rest_apis.add_resource(client, api_id, root_id, "in")
    resource_id = rest_apis.add_resource(client, api_id, parent, "{proxy+}")
    parameters = {"integration.request.path.rest": "method.request.path.proxy", **integration.pop("parameters", {})}
    place = {"restApiId": api_id, "resourceId": resource_id, "httpMethod": "ANY"}
    sources = {value: False for value in parameters.values() if value.startswith("method.request.")}
    client.put_method(**place, authorizationType="NONE", requestParameters=sources)
    client.put_integration(
        **place,
        type="HTTP_PROXY",
        integrationHttpMethod=integration.pop("verb", "ANY"),
        uri=backend.url + uri,
        requestParameters=parameters,
        **integration,
    )
    rest_apis.deploy(client, api_id, **(stage_arguments or {}))
    return api_id


@pytest.fixture(scope="module")
def api_id(apigateway, shared_backend):
    return build(apigateway, shared_backend)


def sent(answer):
    """Header fields that reached the backend, by lower-case name."""
    fields = {}
    for name, value in answer.json()["headers"]:
        fields.setdefault(name.lower(), []).append(value)
    return fields


def test_method_path_query_and_body_pass(invoke, api_id):
    echo = invoke(api_id, "dev", "/in/a/b%20c?x=1&x=2&y", method="PUT", body=b'{"k": "v"}').json()
    assert (echo["method"], echo["path"]) == ("PUT", "/a/b%20c")
    assert sorted(echo["query"].replace("y=", "y").split("&")) == ["x=1", "x=2", "y"]
    assert echo["body"] == '{"k": "v"}'


@pytest.mark.parametrize("path", ["test%2Balias@example.com/plus/a+b", "a//b", "%7Etilde", "semi;colon", "pct%25"])
def test_path_values_keep_their_encoding(invoke, api_id, path):
    assert invoke(api_id, "dev", f"/in/{path}").json()["path"] == f"/{path}"


@pytest.mark.parametrize("path", ["a%0d%0aX-Evil:1", "a%3fb=c", "a%23b", "a%00b"])
def test_a_path_value_never_leaves_its_place(invoke, api_id, path):
    answer = invoke(api_id, "dev", f"/in/{path}")
    if answer.status == 200:
        assert answer.json()["query"] == "" and "x-evil" not in sent(answer)


def test_fields_pass_but_those_the_gateway_owns(invoke, api_id):
    fields = [
        ("X-Through", "1"),
        ("X-Through", "2"),
        ("Accept", "text/html"),
        ("Accept-Encoding", "br"),
        ("Content-Type", "application/weird; a=b"),
        ("Cookie", "a=b"),
        ("User-Agent", "curl/8"),
        ("Referer", "http://r/"),
        ("Expect-CT", "x"),
        ("Max-Forwards", "3"),
        ("Via", "1.1 somewhere"),
        ("Content-MD5", "Q2hlY2sgSW50ZWdyaXR5IQ=="),
        ("Server", "me"),
        ("Upgrade", "h2c"),
        ("Trailer", "X-T"),
        ("Proxy-Authenticate", "Basic"),
        ("Authorization", "Bearer token"),
    ]
    fields = sent(invoke(api_id, "dev", "/in/x", method="POST", headers=fields, body=b"x"))
    assert ", ".join(fields["x-through"]).replace(",", ", ").replace("  ", " ") == "1, 2"
    for name, value in {"accept": "text/html", "user-agent": "curl/8", "cookie": "a=b", "authorization": "Bearer token"}.items():
        assert fields[name] == [value]
    dropped = {"max-forwards", "content-md5", "server", "upgrade", "trailer", "proxy-authenticate", "via"}
    assert not dropped & set(fields), dropped & set(fields)


def test_the_gateway_adds_its_own_fields(invoke, api_id, backend):
    fields = sent(invoke(api_id, "dev", "/in/x"))
    assert fields["x-amzn-apigateway-api-id"] == [api_id]
    assert fields["user-agent"] == [f"AmazonAPIGateway_{api_id}"]
    assert re.fullmatch(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24}.*", fields["x-amzn-trace-id"][0])
    assert fields["host"] == [backend.url.removeprefix("http://")]
    assert fields["x-forwarded-for"] == ["127.0.0.1"]


def test_a_trace_root_is_kept(invoke, api_id):
    root = "Root=1-5759e988-bd862e3fe1be46a994272793"
    fields = sent(invoke(api_id, "dev", "/in/x", headers={"X-Amzn-Trace-Id": root}))
    assert fields["x-amzn-trace-id"][0].startswith(root)


def test_a_sigv4_authorization_is_not_passed_on(invoke, api_id):
    value = "AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/execute-api/aws4_request, SignedHeaders=host, Signature=00"
    assert "authorization" not in sent(invoke(api_id, "dev", "/in/x", headers={"Authorization": value}))


def test_answers_are_remapped_and_labelled(invoke, api_id):
    target = "/in/respond?X-Own=1&Date=yesterday&WWW-Authenticate=Basic&x-amzn-RequestId=theirs&X-Amzn-Trace-Id=Root=1-a&Set-Cookie=a&Set-Cookie=b"
    answer = invoke(api_id, "dev", target)
    assert answer.status == 200 and answer.header("X-Own") == "1"
    assert answer.header("x-amzn-Remapped-x-amzn-RequestId") == "theirs"
    assert len(answer.header("x-amzn-RequestId")) == 36
    assert answer.header("x-amzn-Remapped-WWW-Authenticate") == "Basic"
    cookies = [value for name, value in answer.headers if name.lower() == "set-cookie"]
    assert cookies == ["a", "b"]
    dates = [value for name, value in answer.headers if name.lower() == "x-amzn-remapped-date"]
    assert "yesterday" in dates
    assert answer.header("Date") != "yesterday"


def test_mapped_parameters_are_added_and_win(apigateway, invoke, shared_backend):
    parameters = {
        "integration.request.header.X-Static": "'fixed'",
        "integration.request.header.X-From-Query": "method.request.querystring.q",
        "integration.request.header.X-Stage": "stageVariables.colour",
        "integration.request.header.X-Client": "method.request.header.X-Other",
        "integration.request.querystring.added": "method.request.header.X-Other",
        "integration.request.querystring.path": "context.resourcePath",
        "integration.request.header.X-Missing": "method.request.querystring.none",
    }
    arguments = {"variables": {"colour": "blue"}}
    api_id = build(apigateway, shared_backend, uri="/{rest}?own=1", parameters=parameters, stage_arguments=arguments)
    answer = invoke(api_id, "dev", "/in/x?q=a&q=b", headers={"X-Other": "other", "X-Static": "client's"})
    fields = sent(answer)
    assert fields["x-static"] == ["fixed"]
    assert fields["x-from-query"] == ["b"]
    assert fields["x-stage"] == ["blue"]
    assert fields["x-client"] == ["other"]
    assert "x-missing" not in fields
    query = sorted(answer.json()["query"].split("&"))
    assert query == sorted(["own=1", "q=a", "q=b", "added=other", "path=/in/%7Bproxy%2B%7D"])


def test_stage_variables_stand_in_the_uri(apigateway, invoke, shared_backend):
    host = shared_backend.url.removeprefix("http://")
    api_id, root_id = rest_apis.create(apigateway)
    rest_apis.add_proxy_method(apigateway, api_id, root_id, "http://${stageVariables.host}/${stageVariables.path}/end")
    rest_apis.deploy(apigateway, api_id, variables={"host": host, "path": "first"})
    assert invoke(api_id, "dev").json()["path"] == "/first/end"
    patch = {"op": "replace", "path": "/variables/path", "value": "second"}
    apigateway.update_stage(restApiId=api_id, stageName="dev", patchOperations=[patch])
    assert invoke(api_id, "dev").json()["path"] == "/second/end"


def test_a_path_variable_without_a_mapping_is_an_error(apigateway, invoke, shared_backend):
    api_id, root_id = rest_apis.create(apigateway)
    rest_apis.add_proxy_method(apigateway, api_id, root_id, shared_backend.url + "/{unmapped}")
    rest_apis.deploy(apigateway, api_id)
    answer = invoke(api_id, "dev")
    assert (answer.status, answer.json()) == (500, {"message": "Internal server error"})


@pytest.mark.parametrize("name", ["content-length", "Transfer-Encoding", "x-amzn-trace-id", "x-amzn-apigateway-api-id"])
def test_mapping_a_forbidden_field_is_an_error(apigateway, invoke, shared_backend, name):
    api_id = build(apigateway, shared_backend, parameters={f"integration.request.header.{name}": "'1'"})
    answer = invoke(api_id, "dev", "/in/x")
    assert (answer.status, answer.json()) == (500, {"message": "Internal server error"})


def test_a_fixed_verb_is_sent_instead_of_the_clients(apigateway, invoke, shared_backend):
    api_id = build(apigateway, shared_backend, verb="PUT")
    assert invoke(api_id, "dev", "/in/x", method="POST", body=b"b").json()["method"] == "PUT"


def test_head_has_no_body(invoke, api_id):
    answer = invoke(api_id, "dev", "/in/x", method="HEAD")
    assert (answer.status, answer.body) == (200, b"")


def test_redirects_are_not_followed(invoke, api_id, backend):
    answer = invoke(api_id, "dev", "/in/status/302")
    assert answer.status == 302
    assert len(backend.requests) == 1


def test_a_link_local_backend_is_refused(apigateway, invoke):
    api_id, root_id = rest_apis.create(apigateway)
    rest_apis.add_proxy_method(apigateway, api_id, root_id, "http://169.254.169.254/latest/meta-data/")
    rest_apis.deploy(apigateway, api_id)
    assert invoke(api_id, "dev").status == 500


def test_postern_itself_is_no_backend(apigateway, invoke, server):
    for address in (server.management, server.http):
        api_id, root_id = rest_apis.create(apigateway)
        rest_apis.add_proxy_method(apigateway, api_id, root_id, address + "/_postern/health")
        rest_apis.deploy(apigateway, api_id)
        assert invoke(api_id, "dev").status == 500
