"""64 writers on one API: an API is one aggregate under a version check, and no writer may notice."""

import threading
from concurrent.futures import ThreadPoolExecutor

import rest_apis

WRITERS = 64


def all_at_once(write):
    """Calls `write(number)` in as many threads as there are writers, which start together; raises what any of them raised."""
    barrier = threading.Barrier(WRITERS)

    def start(number):
        barrier.wait(60)
        return write(number)

    with ThreadPoolExecutor(WRITERS) as pool:
        return list(pool.map(start, range(WRITERS)))


def test_creates_are_not_lost(apigateway):
    api_id, root_id = rest_apis.create(apigateway)

    def write(number):
        return [rest_apis.add_resource(apigateway, api_id, root_id, f"w{number}-{step}") for step in range(3)]

    made = [resource_id for ids in all_at_once(write) for resource_id in ids]
    assert len(set(made)) == 3 * WRITERS
    found = rest_apis.all_resources(apigateway, api_id)
    assert set(made) <= found.keys() and len(found) == 3 * WRITERS + 1


def test_patches_of_one_map_are_not_lost(apigateway):
    api_id, _ = rest_apis.create(apigateway)

    def write(number):
        operation = {"op": "add", "path": f"/binaryMediaTypes/image~1x-{number}"}
        apigateway.update_rest_api(restApiId=api_id, patchOperations=[operation])

    all_at_once(write)
    types = apigateway.get_rest_api(restApiId=api_id)["binaryMediaTypes"]
    assert sorted(types) == sorted(f"image/x-{number}" for number in range(WRITERS))


def test_writers_of_different_kinds_do_not_disturb_each_other(apigateway):
    api_id, root_id = rest_apis.create(apigateway)
    rest_apis.add_mock_method(apigateway, api_id, root_id, "{}")
    rest_apis.deploy(apigateway, api_id)

    def write(number):
        match number % 4:
            case 0:
                schema = '{"type": "object", "title": "t"}'
                apigateway.create_model(restApiId=api_id, name=f"M{number}", contentType="application/json", schema=schema)
            case 1:
                # No method: one without its integration yet would rightly refuse the deployments beside it.
                rest_apis.add_resource(apigateway, api_id, root_id, f"r{number}")
            case 2:
                operation = {"op": "replace", "path": f"/variables/v{number}", "value": str(number)}
                apigateway.update_stage(restApiId=api_id, stageName="dev", patchOperations=[operation])
            case _:
                rest_apis.deploy(apigateway, api_id, stage=f"s{number % 8}")

    all_at_once(write)
    models = {model["name"] for model in apigateway.get_models(restApiId=api_id, limit=500)["items"]}
    assert {f"M{number}" for number in range(0, WRITERS, 4)} <= models
    paths = {resource["path"] for resource in rest_apis.all_resources(apigateway, api_id).values()}
    assert {f"/r{number}" for number in range(1, WRITERS, 4)} <= paths
    variables = apigateway.get_stage(restApiId=api_id, stageName="dev")["variables"]
    assert variables == {f"v{number}": str(number) for number in range(2, WRITERS, 4)}
    stages = {stage["stageName"] for stage in apigateway.get_stages(restApiId=api_id)["item"]}
    assert stages == {"dev", "s3", "s7"}
    assert len(apigateway.get_deployments(restApiId=api_id, limit=500)["items"]) == WRITERS // 4 + 1
