"""A change is served when the call that made it returns; how long that takes is printed, not asserted."""

import statistics
import time

import pytest

import rest_apis

ROUNDS = 200


@pytest.fixture
def print_times(capsys, request):
    """Prints the median and the worst of some durations, past pytest's capture."""

    def show(seconds):
        milliseconds = sorted(1000 * duration for duration in seconds)
        median, worst = statistics.median(milliseconds), milliseconds[-1]
        with capsys.disabled():
            print(f"\n{request.node.name}: median {median:.1f} ms, worst {worst:.1f} ms of {len(milliseconds)}")

    return show


def test_a_deployment_is_served_when_create_deployment_returns(apigateway, invoke, print_times):
    api_id, root_id = rest_apis.create(apigateway)
    rest_apis.add_mock_method(apigateway, api_id, root_id, '{"version": "first"}')
    rest_apis.deploy(apigateway, api_id)
    place = {"restApiId": api_id, "resourceId": root_id, "httpMethod": "GET", "statusCode": "200"}
    times = []
    for number in range(ROUNDS):
        template = {"op": "replace", "path": "/responseTemplates/application~1json", "value": f'{{"version": {number}}}'}
        apigateway.update_integration_response(**place, patchOperations=[template])
        before = invoke(api_id, "dev").json()["version"]
        assert before == (number - 1 if number else "first"), "a definition was served without a deployment"

        start = time.perf_counter()
        rest_apis.deploy(apigateway, api_id)
        answer = invoke(api_id, "dev")
        times.append(time.perf_counter() - start)
        assert (answer.status, answer.json()) == (200, {"version": number})
    print_times(times)


def test_a_stage_variable_is_served_when_update_stage_returns(apigateway, invoke, backend, print_times):
    api_id, root_id = rest_apis.create(apigateway)
    rest_apis.add_proxy_method(apigateway, api_id, root_id, f"{backend.url}/version/${{stageVariables.version}}")
    rest_apis.deploy(apigateway, api_id, variables={"version": "first"})
    assert invoke(api_id, "dev").json()["path"] == "/version/first"
    times = []
    for number in range(ROUNDS):
        start = time.perf_counter()
        variable = {"op": "replace", "path": "/variables/version", "value": str(number)}
        apigateway.update_stage(restApiId=api_id, stageName="dev", patchOperations=[variable])
        answer = invoke(api_id, "dev")
        times.append(time.perf_counter() - start)
        assert answer.json()["path"] == f"/version/{number}"
    print_times(times)


def test_a_stage_that_moves_serves_the_other_deployment(apigateway, invoke):
    api_id, root_id = rest_apis.create(apigateway)
    rest_apis.add_mock_method(apigateway, api_id, root_id, '{"version": 1}')
    first = rest_apis.deploy(apigateway, api_id)
    place = {"restApiId": api_id, "resourceId": root_id, "httpMethod": "GET", "statusCode": "200"}
    template = {"op": "replace", "path": "/responseTemplates/application~1json", "value": '{"version": 2}'}
    apigateway.update_integration_response(**place, patchOperations=[template])
    second = rest_apis.deploy(apigateway, api_id)
    for deployment_id, version in [(first, 1), (second, 2), (first, 1)]:
        move = {"op": "replace", "path": "/deploymentId", "value": deployment_id}
        apigateway.update_stage(restApiId=api_id, stageName="dev", patchOperations=[move])
        assert invoke(api_id, "dev").json() == {"version": version}


def test_what_is_deleted_is_served_no_more(apigateway, invoke):
    api_id, root_id = rest_apis.create(apigateway)
    rest_apis.add_mock_method(apigateway, api_id, root_id, "{}")
    for stage in ("one", "two"):
        rest_apis.deploy(apigateway, api_id, stage=stage)
        assert invoke(api_id, stage).status == 200
    apigateway.delete_stage(restApiId=api_id, stageName="one")
    assert invoke(api_id, "one").status == 403
    assert invoke(api_id, "two").status == 200
    apigateway.delete_rest_api(restApiId=api_id)
    answer = invoke(api_id, "two")
    assert (answer.status, answer.json()) == (403, {"message": "Forbidden"})
