"""FlushStageCache and FlushStageAuthorizersCache: they succeed on an empty cache, and only on a stage that is there."""

import pytest

import rest_apis
from answers import status
from refusals import not_found, refusal
from server import ACCOUNT


@pytest.fixture(scope="module")
def api_id(apigateway):
    api_id, root_id = rest_apis.create(apigateway, "flush")
    rest_apis.add_mock_method(apigateway, api_id, root_id, "{}")
    rest_apis.deploy(apigateway, api_id)
    return api_id


@pytest.mark.parametrize("operation", ["flush_stage_cache", "flush_stage_authorizers_cache"])
def test_a_flush(apigateway, server, api_id, operation):
    flush = getattr(apigateway, operation)
    for _ in range(2):
        assert status(flush(restApiId=api_id, stageName="dev")) == 202
    assert refusal(flush, restApiId=api_id, stageName="none") == not_found("Invalid stage identifier specified")
    unknown = not_found(f"Invalid API identifier specified {ACCOUNT}:zzzzzzzzzz")
    assert refusal(flush, restApiId="zzzzzzzzzz", stageName="dev") == unknown
    elsewhere = getattr(server.client("apigateway", region="eu-west-1"), operation)
    assert refusal(elsewhere, restApiId=api_id, stageName="dev")[:2] == (404, "NotFoundException")
