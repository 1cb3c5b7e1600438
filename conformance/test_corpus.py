"""Every template of the engine's corpus, through served APIs: what Apache Velocity 1.7 rendered, or 500 where it failed.

The same is held of the engine alone in crates/velocity/tests/corpus.rs. Here the templates are stored and deployed with methods,
a hundred to each, by media type. Their variables come from the request: from its body for an HTTP integration's request templates,
and from a parameter with JSON in it for a MOCK's response templates.
"""

import http.client
import json
import pathlib
import re
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote, urlsplit

import pytest

import rest_apis
import wire

CORPUS = pathlib.Path(__file__).parent.parent / "crates/velocity/tests/corpus"
# As text, because Python would write numbers differently.
VARIABLES = re.sub(r"\s*\n\s*", "", (CORPUS / "context.json").read_text())
NAMES = json.loads(VARIABLES)

# Templates of one method: enough for few calls, and every rendering has to find its own among many.
TEMPLATES_PER_METHOD = 100
WORKERS = 8

# Before each template stand its variables, and a character that keeps its first white space from being theirs.
DELIMITER = "|"


def behind_variables(template, output):
    """Velocity drops white space before a #set only where a template begins; where the variables begin it, that stays."""
    kept = re.match(r"[ \t]*(?=#set)", template)
    return kept[0] + output if kept and output is not None else output


def corpus(name):
    cases = [json.loads(line) for line in (CORPUS / f"{name}.jsonl").read_text().splitlines()]
    return [(case["template"], behind_variables(case["template"], case["aws"])) for case in cases]


# Template and output, None where rendering fails.
CASES = corpus("handwritten") + corpus("generated")


def prelude(source):
    """Sets the corpus's variables; one that is null is one that is not set."""
    variables = "".join(f"#set(${name} = {source.format(name)})" for name, value in NAMES.items() if value is not None)
    return variables + DELIMITER


def media_type(number):
    return f"application/x-corpus-{number}"


def add_http_method(client, place, templates, backend):
    """Its request templates are `templates`; the backend's echo comes back."""
    before = prelude("$input.path('$.{}')")
    request = {name: before + template for name, template in templates.items()}
    client.put_method(**place, authorizationType="NONE")
    client.put_method_response(**place, statusCode="200")
    client.put_integration(**place, type="HTTP", integrationHttpMethod="POST", uri=backend.url + "/", requestTemplates=request)
    client.put_integration_response(**place, statusCode="200")


def add_mock_method(client, place, templates, _):
    """Its response templates are `templates`."""
    before = "#set($variables = $util.parseJson($input.params('variables')))" + prelude("$variables.{}")
    response = {name: before + template for name, template in templates.items()}
    request = {"application/json": '{"statusCode": 200}'}
    client.put_method(**place, authorizationType="NONE")
    client.put_method_response(**place, statusCode="200")
    client.put_integration(**place, type="MOCK", requestTemplates=request)
    client.put_integration_response(**place, statusCode="200", responseTemplates=response)


def ask_http(connection, host, path, name):
    fields = {"Host": host, "Content-Type": name}
    connection.request("POST", path, VARIABLES.encode(), fields)
    answer = connection.getresponse()
    body = json.loads(answer.read())
    return answer.status, body["body"] if answer.status == 200 else body


def ask_mock(connection, host, path, name):
    connection.request("POST", f"{path}?variables={quote(VARIABLES)}", None, {"Host": host, "Accept": name})
    answer = connection.getresponse()
    body = answer.read().decode()
    assert answer.status != 200 or answer.getheader("Content-Type") == name
    return answer.status, body if answer.status == 200 else json.loads(body)


def serve(client, add_method, backend):
    """An API whose methods hold the whole corpus."""
    api_id, root_id = rest_apis.create(client)
    for start in range(0, len(CASES), TEMPLATES_PER_METHOD):
        resource_id = rest_apis.add_resource(client, api_id, root_id, str(start // TEMPLATES_PER_METHOD))
        numbered = enumerate(CASES[start : start + TEMPLATES_PER_METHOD], start)
        templates = {media_type(number): template for number, (template, _) in numbered}
        add_method(client, {"restApiId": api_id, "resourceId": resource_id, "httpMethod": "POST"}, templates, backend)
    rest_apis.deploy(client, api_id)
    return wire.api_host(api_id)


def ask_all(server, host, ask):
    """The answer to each case, in the order of the corpus; a worker keeps its connection."""
    address = urlsplit(server.http)

    def share(first):
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=wire.TIMEOUT_SECONDS)
        numbers = range(first, len(CASES), WORKERS)
        answers = [(n, ask(connection, host, f"/dev/{n // TEMPLATES_PER_METHOD}", media_type(n))) for n in numbers]
        connection.close()
        return answers

    with ThreadPoolExecutor(WORKERS) as pool:
        return dict(answer for answers in pool.map(share, range(WORKERS)) for answer in answers)


@pytest.mark.parametrize(("add_method", "ask"), [(add_http_method, ask_http), (add_mock_method, ask_mock)], ids=["HTTP", "MOCK"])
def test_every_template_renders_as_velocity_does(server, apigateway, backend, add_method, ask):
    host = serve(apigateway, add_method, backend)
    answers = ask_all(server, host, ask)
    wrong = []
    for number, (template, velocity) in enumerate(CASES):
        expected = (500, {"message": "Internal server error"}) if velocity is None else (200, DELIMITER + velocity)
        if answers[number] != expected:
            wrong.append(f"{template!r}\n  expected: {expected}\n  answered: {answers[number]}")
    assert not wrong, f"{len(wrong)} of {len(CASES)}:\n" + "\n".join(wrong)
    if ask is ask_http:
        rendered = sum(velocity is not None for _, velocity in CASES)
        assert len(backend.requests) == rendered, "a template that fails calls no backend"


def test_white_space_before_the_set_that_begins_a_template(apigateway, invoke):
    template = "  #set($x=1)  \n  b"
    assert behind_variables(template, "  b") == "    b"
    api_id, root_id = rest_apis.create(apigateway)
    rest_apis.add_mock_method(apigateway, api_id, root_id, template)
    rest_apis.deploy(apigateway, api_id)
    assert invoke(api_id, "dev").body == b"  b"
