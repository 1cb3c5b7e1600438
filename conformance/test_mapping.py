"""Mapping templates and parameter mappings, as AWS's clients set them and plain clients meet them."""

import base64
import json

import pytest

import rest_apis

JSON = {"Content-Type": "application/json"}


@pytest.fixture
def api(apigateway):
    return rest_apis.create(apigateway)


def add(client, api_id, resource_id, kind, *, request=None, declared=(), responses=None, method="POST", **integration):
    """A method; `request` is its JSON request template, `responses`: status -> (pattern, header mappings, templates)."""
    place = {"restApiId": api_id, "resourceId": resource_id, "httpMethod": method}
    client.put_method(**place, authorizationType="NONE", requestParameters={name: False for name in declared})
    if request is not None:
        integration["requestTemplates"] = {"application/json": request}
    if kind != "MOCK":
        integration["integrationHttpMethod"] = method
    client.put_integration(**place, type=kind, **integration)
    for status, (pattern, headers, templates) in (responses or {"200": (None, {}, {})}).items():
        client.put_method_response(**place, statusCode=status, responseParameters={name: False for name in headers})
        given = {} if pattern is None else {"selectionPattern": pattern}
        client.put_integration_response(
            **place, statusCode=status, responseParameters=headers, responseTemplates=templates, **given
        )


def fields(echo):
    return {name.lower(): value for name, value in echo["headers"]}


def test_an_http_integration_with_templates_both_ways(apigateway, invoke, api, backend):
    api_id, root_id = api
    resource_id = rest_apis.add_resource(apigateway, api_id, root_id, "{id}")
    request = """#set($root = $input.path('$'))
{"id": "$input.params('id')", "names": [#foreach($pet in $root.pets)"$pet.name"#if($foreach.hasNext), #end#end], "first": $input.json('$.pets[0]')}"""
    response = """#set($sent = $util.parseJson($input.path('$.body')))
{"method": "$input.path('$.method')", "names": "$sent.names.size()", "id": "$sent.id", "q": "$input.params('q')", "stage": "$context.stage"}"""
    add(
        apigateway, api_id, resource_id, "HTTP", uri=backend.url + "/pets", request=request,
        responses={"200": (None, {}, {"application/json": response})},
    )
    rest_apis.deploy(apigateway, api_id)
    body = json.dumps({"pets": [{"name": "Rex", "age": 3}, {"name": "Tom"}]}).encode()
    answer = invoke(api_id, "dev", "/42?q=x%20y", method="POST", headers=JSON, body=body)
    assert (answer.status, answer.json()) == (200, {"method": "POST", "names": "2", "id": "42", "q": "x y", "stage": "dev"})
    sent = json.loads(backend.requests[-1]["body"])
    assert sent == {"id": "42", "names": ["Rex", "Tom"], "first": {"name": "Rex", "age": 3}}


SOURCES = {
    "X-Path": ("method.request.path.id", "42"),
    "X-Query": ("method.request.querystring.q", "2"),
    "X-Queries": ("method.request.multivaluequerystring.q", "1,2"),
    "X-Header": ("method.request.header.X-In", "in"),
    "X-Body": ("method.request.body", '{"a": {"b": [1, "x"]}, "n": 1.5}'),
    "X-Object": ("method.request.body.a", '{"b":[1,"x"]}'),
    "X-Item": ("method.request.body.a.b[1]", "x"),
    "X-Number": ("method.request.body.n", "1.5"),
    "X-Missing": ("method.request.body.none", None),
    "X-Stage": ("stageVariables.v", "sv"),
    "X-Context": ("context.httpMethod", "POST"),
    "X-Static": ("'a b'", "a b"),
}


@pytest.mark.parametrize("kind", ["HTTP", "HTTP_PROXY"])
def test_every_source_of_a_request_parameter(apigateway, invoke, api, backend, kind):
    api_id, root_id = api
    resource_id = rest_apis.add_resource(apigateway, api_id, root_id, "{id}")
    parameters = {f"integration.request.header.{name}": source for name, (source, _) in SOURCES.items()}
    parameters["integration.request.path.item"] = "method.request.body.a.b[1]"
    parameters["integration.request.querystring.n"] = "method.request.body.n"
    declared = [f"method.request.{name}" for name in ("path.id", "querystring.q", "header.X-In")]
    add(apigateway, api_id, resource_id, kind, uri=backend.url + "/{item}", declared=declared, requestParameters=parameters)
    rest_apis.deploy(apigateway, api_id, variables={"v": "sv"})
    body = SOURCES["X-Body"][1].encode()
    assert invoke(api_id, "dev", "/42?q=1&q=2", method="POST", headers={**JSON, "X-In": "in"}, body=body).status == 200
    echo = backend.requests[-1]
    assert (echo["path"], "n=1.5" in echo["query"], echo["body"]) == ("/x", True, body.decode())
    sent = fields(echo)
    assert {name: sent.get(name.lower()) for name in SOURCES} == {name: value for name, (_, value) in SOURCES.items()}


def test_a_mapped_body_has_to_be_json_if_it_begins_so(apigateway, invoke, api, backend):
    api_id, root_id = api
    parameters = {"integration.request.header.X-A": "method.request.body.a"}
    add(apigateway, api_id, root_id, "HTTP", uri=backend.url + "/", requestParameters=parameters)
    rest_apis.deploy(apigateway, api_id)
    answer = invoke(api_id, "dev", method="POST", headers=JSON, body=b'{"a": ')
    assert (answer.status, answer.json()) == (400, {"message": "Invalid JSON in request body"})
    assert backend.requests == []
    assert invoke(api_id, "dev", method="POST", headers=JSON, body=b"a=b").status == 200


def test_every_source_of_a_response_header(apigateway, invoke, api, backend):
    api_id, root_id = api
    sources = {
        "X-Type": ("integration.response.header.Content-Type", "application/json"),
        "X-Verb": ("integration.response.body.method", "POST"),
        "X-Length": ("integration.response.body.bodyBytes", "0"),
        "X-First": ("integration.response.body.headers[0]", None),
        "X-None": ("integration.response.body.none", None),
        "X-Stage": ("stageVariables.v", "sv"),
        "X-Context": ("context.stage", "dev"),
        "X-Static": ("'a'", "a"),
    }
    headers = {f"method.response.header.{name}": source for name, (source, _) in sources.items()}
    add(apigateway, api_id, root_id, "HTTP", uri=backend.url + "/", responses={"200": (None, headers, {})})
    rest_apis.deploy(apigateway, api_id, variables={"v": "sv"})
    answer = invoke(api_id, "dev", method="POST")
    assert answer.json()["method"] == "POST", "without a template the body passes"
    assert isinstance(json.loads(answer.header("X-First")), list)
    for name, (source, value) in sources.items():
        assert name == "X-First" or answer.header(name) == value, source


def test_overrides_win_over_mappings(apigateway, invoke, api, backend):
    api_id, root_id = api
    request = """#set($context.requestOverride.header.X-Mapped = "over")
#set($context.requestOverride.header['X-New'] = $input.path('$.new'))
#set($context.requestOverride.querystring.q = ["1", "2"])
#set($context.requestOverride.path.id = "seven")
{}"""
    response = """#set($context.responseOverride.status = 418)
#set($context.responseOverride.header.X-Out = "over")
#set($context.responseOverride.header.X-More = "more")
{"tea": true}"""
    parameters = {
        "integration.request.header.X-Mapped": "'mapped'",
        "integration.request.querystring.q": "'mapped'",
        "integration.request.path.id": "'mapped'",
    }
    add(
        apigateway, api_id, root_id, "HTTP", uri=backend.url + "/{id}", request=request, requestParameters=parameters,
        responses={"200": (None, {"method.response.header.X-Out": "'mapped'"}, {"application/json": response})},
    )
    rest_apis.deploy(apigateway, api_id)
    answer = invoke(api_id, "dev", method="POST", headers=JSON, body=b'{"new": "n"}')
    assert (answer.status, answer.json(), answer.header("X-Out"), answer.header("X-More")) == (418, {"tea": True}, "over", "more")
    echo = backend.requests[-1]
    assert (echo["path"], echo["query"]) == ("/seven", "q=1&q=2")
    assert (fields(echo)["x-mapped"], fields(echo)["x-new"]) == ("over", "n")


def test_an_override_is_set_once(apigateway, invoke, api, backend):
    api_id, root_id = api
    once = '#set($context.requestOverride.header.X-A = "1")'
    add(apigateway, api_id, root_id, "HTTP", uri=backend.url + "/", request=once + once)
    rest_apis.deploy(apigateway, api_id)
    answer = invoke(api_id, "dev", method="POST", headers=JSON, body=b"{}")
    assert (answer.status, answer.json()) == (500, {"message": "Internal server error"})
    assert backend.requests == []


@pytest.mark.parametrize(
    ("pattern", "code", "status"),
    [
        ("404", 404, 404), ("40", 404, 200), ("4\\d{2}", 410, 404), ("(?!200)\\d+", 503, 404), ("(?!200)\\d+", 200, 200),
        ("^4..$|^5..$", 502, 404), ("\\Q404\\E", 404, 404), ("(4)0\\1", 404, 404), ("\\d++4", 404, 200), ("(?i)4\\p{Digit}4", 404, 404),
    ],
)  # fmt: skip
def test_selection_patterns_are_javas_and_match_the_whole(apigateway, invoke, api, backend, pattern, code, status):
    api_id, root_id = api
    responses = {"200": (None, {}, {}), "404": (pattern, {}, {})}
    add(apigateway, api_id, root_id, "HTTP", uri=f"{backend.url}/status/{code}", responses=responses)
    rest_apis.deploy(apigateway, api_id)
    assert invoke(api_id, "dev", method="POST").status == status


def test_no_match_and_no_default(apigateway, invoke, api, backend):
    api_id, root_id = api
    add(apigateway, api_id, root_id, "HTTP", uri=backend.url + "/status/404", responses={"200": ("200", {}, {})})
    rest_apis.deploy(apigateway, api_id)
    answer = invoke(api_id, "dev", method="POST")
    assert (answer.status, answer.json()) == (500, {"message": "Internal server error"})


PASSTHROUGH = [
    ("WHEN_NO_MATCH", True, "application/json", "rendered"),
    ("WHEN_NO_MATCH", True, "text/plain", "sent"),
    ("WHEN_NO_MATCH", False, "text/plain", "sent"),
    ("WHEN_NO_TEMPLATES", True, "application/json; charset=utf-8", "rendered"),
    ("WHEN_NO_TEMPLATES", True, "text/plain", None),
    ("WHEN_NO_TEMPLATES", False, "text/plain", "sent"),
    ("NEVER", True, "application/json", "rendered"),
    ("NEVER", True, None, "rendered"),
    ("NEVER", True, "text/plain", None),
    ("NEVER", False, "application/json", None),
]


@pytest.mark.parametrize(("behavior", "has_template", "content_type", "sent"), PASSTHROUGH)
def test_the_passthrough_table(apigateway, invoke, api, backend, behavior, has_template, content_type, sent):
    api_id, root_id = api
    request = "#set($word = 'rendered')$word" if has_template else None
    add(apigateway, api_id, root_id, "HTTP", uri=backend.url + "/", request=request, passthroughBehavior=behavior)
    rest_apis.deploy(apigateway, api_id)
    headers = {} if content_type is None else {"Content-Type": content_type}
    answer = invoke(api_id, "dev", method="POST", headers=headers, body=b"sent")
    if sent is None:
        assert (answer.status, answer.json()) == (415, {"message": "Unsupported Media Type"})
        assert backend.requests == []
    else:
        assert (answer.status, backend.requests[-1]["body"]) == (200, sent)


def test_a_template_is_chosen_by_media_type(apigateway, invoke, api, backend):
    api_id, root_id = api
    templates = {"application/json": "json $input.body", "text/x": "x $input.body", "$default": "default $input.body"}
    add(apigateway, api_id, root_id, "HTTP", uri=backend.url + "/", requestTemplates=templates)
    rest_apis.deploy(apigateway, api_id)
    for content_type, word in (("application/json", "json"), ("Text/X;q=1", "x"), ("text/other", "default")):
        assert invoke(api_id, "dev", method="POST", headers={"Content-Type": content_type}, body=b"b").status == 200
        assert backend.requests[-1]["body"] == f"{word} b"


def mock(client, api_id, resource_id, request, response):
    templates = {} if response is None else {"application/json": response}
    add(client, api_id, resource_id, "MOCK", request=request, responses={"200": (None, {}, templates)}, method="GET")


@pytest.mark.parametrize("has_template", [True, False])
def test_a_mocks_request_template_overrides_the_answer(apigateway, invoke, api, has_template):
    """Recorded."""
    api_id, root_id = api
    request = """#set($context.responseOverride.status = 444)
#set($context.responseOverride.header.foo = "bar")
#set($context.responseOverride.custom = "is also passed around")
{"statusCode": 200}"""
    response = """{"statusOverride": "$context.responseOverride.status", "fooHeader": "$context.responseOverride.header.foo",
"custom": "$context.responseOverride.custom"}"""
    mock(apigateway, api_id, root_id, request, response if has_template else None)
    rest_apis.deploy(apigateway, api_id)
    answer = invoke(api_id, "dev")
    assert (answer.status, answer.header("foo")) == (444, "bar")
    if has_template:
        assert answer.json() == {"statusOverride": "444", "fooHeader": "bar", "custom": "is also passed around"}
    else:
        assert answer.body == b""


def test_a_mock_carries_data_in_an_override(apigateway, invoke, api):
    """Recorded."""
    api_id, root_id = api
    resource_id = rest_apis.add_resource(apigateway, api_id, root_id, "{body}")
    request = """#set($body = $util.base64Decode($input.params('body')))
#set($context.requestOverride.path.body = $body)
{"statusCode": 200}"""
    response = """#set($body = $context.requestOverride.path.body)
#if($body == "path1")
{"response": "path was path one"}
#elseif($body == "path2")
{"response": "path was path two"}
#else
{"response": "this is the else clause"}
#end"""
    mock(apigateway, api_id, resource_id, request, response)
    rest_apis.deploy(apigateway, api_id)
    for value, expected in (("path1", "path was path one"), ("path2", "path was path two"), ("x", "this is the else clause")):
        encoded = base64.b64encode(value.encode()).decode()
        assert invoke(api_id, "dev", f"/{encoded}").json() == {"response": expected}


def test_a_mock_chooses_its_answer_by_the_request(apigateway, invoke, api):
    api_id, root_id = api
    request = """{#if($input.params('ok') == 'yes')"statusCode": 200#{else}"statusCode": 404#end,}"""
    responses = {"200": (None, {}, {"application/json": '{"ok": "$input.params("ok")"}'}), "404": ("404", {}, {})}
    add(apigateway, api_id, root_id, "MOCK", request=request, responses=responses, method="GET")
    rest_apis.deploy(apigateway, api_id)
    answer = invoke(api_id, "dev", "/?ok=yes")
    assert (answer.status, answer.json()) == (200, {"ok": "yes"})
    assert invoke(api_id, "dev").status == 404


@pytest.mark.parametrize("request_template", ["#set($x = 1)", '{"statusCode": $input.params("none")}', "$util.parseJson('{')"])
def test_a_mock_without_a_status(apigateway, invoke, api, request_template):
    api_id, root_id = api
    mock(apigateway, api_id, root_id, request_template, "x")
    rest_apis.deploy(apigateway, api_id)
    answer = invoke(api_id, "dev")
    assert (answer.status, answer.json()) == (500, {"message": "Internal server error"})
