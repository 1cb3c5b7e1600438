"""The throttle of an account in a Region, which is off unless it is configured."""

import json

import rest_apis
import wire
from server import Server

LIMITS = {"POSTERN_LIMITS_ACCOUNT_RATE_PER_SECOND": "1", "POSTERN_LIMITS_ACCOUNT_BURST": "5"}


def served(client):
    api_id, root_id = rest_apis.create(client)
    rest_apis.add_mock_method(client, api_id, root_id, "{}")
    rest_apis.deploy(client, api_id)
    return api_id


def test_all_apis_of_an_account_share_it(fresh_server):
    server = fresh_server(environment=LIMITS)
    client = server.client("apigateway")
    assert client.get_account()["throttleSettings"] == {"rateLimit": 1.0, "burstLimit": 5}
    apis = [served(client), served(client)]
    answers = [wire.invoke(server, apis[number % 2], "dev") for number in range(12)]
    assert [answer.status for answer in answers[:5]] == [200] * 5
    refused = [answer for answer in answers if answer.status == 429]
    assert len(refused) >= 5 and refused[0].json() == {"message": "Too Many Requests"}
    assert {answer.header("x-amzn-ErrorType") for answer in refused} == {"TooManyRequestsException"}
    # Another account, and another Region of this one, have buckets of their own.
    made = json.loads(server.run("keys", "create", "--json", "--account", "222222222222"))
    other = server.client("apigateway", credentials=(made["accessKeyId"], made["secretAccessKey"]))
    elsewhere = server.client("apigateway", region="eu-west-1")
    assert [wire.invoke(server, served(of), "dev").status for of in (other, elsewhere)] == [200, 200]


def test_it_is_off_by_itself(apigateway, invoke):
    assert apigateway.get_account()["throttleSettings"] == {"rateLimit": 10000.0, "burstLimit": 5000}
    api_id = served(apigateway)
    assert {invoke(api_id, "dev").status for _ in range(30)} == {200}


def test_a_burst_alone_is_no_limit(tmp_path):
    server = Server(tmp_path / "data", environment={"POSTERN_LIMITS_ACCOUNT_BURST": "5"})
    try:
        server.start()
    except RuntimeError:
        assert "limits.account_rate_per_second" in server.log()
    else:
        server.kill()
        raise AssertionError("it started")
