"""`postern doctor`: says in words what would fail, beside a running server, and changes nothing."""

import json
import os
import subprocess

import rest_apis
from server import Server, clean_environment

FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:hello"
INVOKE = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{FUNCTION}/invocations"
QUEUE = "arn:aws:apigateway:us-east-1:sqs:action/ListQueues"
ROLE = "arn:aws:iam::000000000000:role/reader"


def doctor(server, *arguments, environment=None):
    """Exit code and findings of the doctor."""
    done = subprocess.run(
        [server.binary, "doctor", "--json", "--data-dir", str(server.data_dir), *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env={**clean_environment(), "POSTERN_MANAGEMENT": "127.0.0.1:0", "POSTERN_HTTP": "127.0.0.1:0", **(environment or {})},
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, json.loads(done.stdout)


def errors(findings):
    return [f"{finding['about']}: {finding['text']}" for finding in findings if finding["standing"] == "error"]


def add_method(client, api_id, resource_id, verb, uri, **integration):
    place = {"restApiId": api_id, "resourceId": resource_id, "httpMethod": verb}
    client.put_method(**place, authorizationType="AWS_IAM")
    client.put_method_response(**place, statusCode="200")
    client.put_integration(**place, integrationHttpMethod="POST", uri=uri, **integration)
    client.put_integration_response(**place, statusCode="200")


def test_what_is_not_mapped_is_said_with_the_key_to_set(tmp_path):
    server = Server(tmp_path / "data").start()
    client = server.client()
    api_id, root = rest_apis.create(client)
    add_method(client, api_id, root, "GET", INVOKE, type="AWS")
    add_method(client, api_id, root, "POST", QUEUE, type="AWS", credentials=ROLE)
    rest_apis.deploy(client, api_id, "prod")
    try:
        code, findings = doctor(server)
        said = errors(findings)
        assert code == 1
        assert any("prod, GET /" in text and "functions.hello" in text for text in said), said
        assert any("prod, POST /" in text and "services.sqs.endpoint" in text for text in said), said
        assert any(f'[credentials."{ROLE}"]' in text for text in said), said
        config = tmp_path / "postern.toml"
        config.write_text(
            f'[functions."{FUNCTION}"]\naws = true\n[services.sqs]\nendpoint = "aws"\n'
            f'[credentials."{ROLE}"]\naccess_key_id = "AKIAEXAMPLE"\nsecret_access_key = "x"\n'
        )
        config.chmod(0o600)
        code, findings = doctor(server, "--config", str(config))
        assert (code, errors(findings)) == (0, [])
        assert any(finding["text"] == "nothing stands in the way of its requests" for finding in findings)
    finally:
        server.stop()


def test_open_methods_are_a_warning(tmp_path):
    server = Server(tmp_path / "data").start()
    client = server.client()
    api_id, root = rest_apis.create(client)
    rest_apis.add_mock_method(client, api_id, root, "x")
    rest_apis.deploy(client, api_id, "prod")
    server.stop()
    code, findings = doctor(server)
    warnings = [finding["text"] for finding in findings if finding["standing"] == "warning"]
    assert code == 0
    assert any("anybody may call GET /" in text for text in warnings), warnings


def test_secrets_that_others_can_read_are_an_error(tmp_path):
    server = Server(tmp_path / "data").start()
    server.stop()
    assert doctor(server)[0] == 0
    os.chmod(server.credentials_path, 0o644)
    code, findings = doctor(server)
    assert code == 1
    assert any("chmod 600" in text for text in errors(findings))


def test_a_configuration_that_cannot_be_used_is_said_whole(tmp_path):
    server = Server(tmp_path / "data")
    config = tmp_path / "postern.toml"
    config.write_text('unknown = 1\n[http]\naddress = "nowhere"\n')
    code, findings = doctor(server, "--config", str(config))
    assert code == 1
    assert len(errors(findings)) == 2


def test_nothing_is_made(tmp_path):
    server = Server(tmp_path / "data")
    code, findings = doctor(server)
    assert code == 0
    assert not server.data_dir.exists()
    assert any("the first start makes it" in finding["text"] for finding in findings)
    server.data_dir.mkdir(mode=0o700)
    assert doctor(server)[0] == 1
    assert list(server.data_dir.iterdir()) == []
