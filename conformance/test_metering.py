"""API keys, usage plans, throttles and quotas at work: what a client is let through, and what GetUsage says of it."""

import concurrent.futures
import datetime
import time

import pytest

import plans
import rest_apis
import wire
from answers import patch

FORBIDDEN = (403, "ForbiddenException", {"message": "Forbidden"})
THROTTLED = (429, "TooManyRequestsException", {"message": "Too Many Requests"})
EXCEEDED = (429, "LimitExceededException", {"message": "Limit Exceeded"})
# Slower than any test: what is taken does not come back.
ONCE = {"rateLimit": 0.001, "burstLimit": 1}


class World:
    """An API with a keyed method, on a server."""

    def __init__(self, server):
        self.server = server
        self.client = server.client("apigateway")
        self.api_id, root_id = rest_apis.create(self.client, "metered")
        rest_apis.add_mock_method(self.client, self.api_id, root_id, "{}")
        place = {"restApiId": self.api_id, "resourceId": root_id, "httpMethod": "GET"}
        self.client.update_method(**place, patchOperations=[patch("replace", "/apiKeyRequired", "true")])
        rest_apis.add_mock_method(self.client, self.api_id, root_id, "{}", method="POST")
        rest_apis.deploy(self.client, self.api_id)

    def plan(self, **limits):
        stages = [{"apiId": self.api_id, "stage": "dev"}]
        return self.client.create_usage_plan(name="metered", apiStages=stages, **limits)["id"]

    def key(self, plan_id=None, **given):
        key = self.client.create_api_key(name="metered", value=plans.value(), **{"enabled": True, **given})
        if plan_id:
            self.client.create_usage_plan_key(usagePlanId=plan_id, keyId=key["id"], keyType="API_KEY")
        return key["id"], key["value"]

    def call(self, value=None, method="GET"):
        headers = {"x-api-key": value} if value else {}
        return wire.invoke(self.server, self.api_id, "dev", method=method, headers=headers)

    def statuses(self, value, calls):
        return [self.call(value).status for _ in range(calls)]

    def usage(self, plan_id, key_id):
        today = datetime.datetime.now(datetime.UTC).date().isoformat()
        answer = self.client.get_usage(usagePlanId=plan_id, keyId=key_id, startDate=today, endDate=today)
        return answer["items"][key_id][0]

    def anew(self):
        """After a restart: the ports have changed."""
        self.client = self.server.client("apigateway")
        return self


@pytest.fixture(scope="module")
def world(server):
    return World(server)


def seen(answer):
    return answer.status, answer.header("x-amzn-ErrorType"), answer.json()


def test_a_key_opens_what_its_plan_has_from_one_call_to_the_next(world):
    client = world.client
    assert seen(world.call()) == FORBIDDEN
    assert world.call(method="POST").status == 200
    key_id, value = world.key()
    assert seen(world.call(value)) == FORBIDDEN
    plan_id = world.plan()
    client.create_usage_plan_key(usagePlanId=plan_id, keyId=key_id, keyType="API_KEY")
    assert world.call(value).status == 200
    for path, closing, opening in [("/enabled", "false", "true")]:
        client.update_api_key(apiKey=key_id, patchOperations=[patch("replace", path, closing)])
        assert seen(world.call(value)) == FORBIDDEN
        client.update_api_key(apiKey=key_id, patchOperations=[patch("replace", path, opening)])
        assert world.call(value).status == 200
    stage = f"{world.api_id}:dev"
    client.update_usage_plan(usagePlanId=plan_id, patchOperations=[patch("remove", "/apiStages", stage)])
    assert seen(world.call(value)) == FORBIDDEN
    client.update_usage_plan(usagePlanId=plan_id, patchOperations=[patch("add", "/apiStages", stage)])
    assert world.call(value).status == 200
    client.delete_usage_plan_key(usagePlanId=plan_id, keyId=key_id)
    assert seen(world.call(value)) == FORBIDDEN
    client.create_usage_plan_key(usagePlanId=plan_id, keyId=key_id, keyType="API_KEY")
    assert world.call(value).status == 200
    assert world.usage(plan_id, key_id)[0] == 1, "a key that joins again begins anew"
    client.delete_api_key(apiKey=key_id)
    assert seen(world.call(value)) == FORBIDDEN


def test_limits_of_a_plan_are_those_of_each_key(world):
    plan_id = world.plan(throttle=ONCE)
    (_, one), (_, other) = world.key(plan_id), world.key(plan_id)
    assert world.statuses(one, 3) == [200, 429, 429]
    assert seen(world.call(one)) == THROTTLED
    assert world.call(one).header("Retry-After") is None
    assert world.statuses(other, 2) == [200, 429]


@pytest.mark.parametrize("rate", [0.0, 0.001])
def test_a_raised_limit_counts_from_then_on(world, rate):
    plan_id = world.plan(throttle={"rateLimit": rate, "burstLimit": 1})
    _, value = world.key(plan_id)
    assert world.statuses(value, 2) == [200, 429]
    raised = [patch("replace", "/throttle/burstLimit", "1000"), patch("replace", "/throttle/rateLimit", "1000")]
    world.client.update_usage_plan(usagePlanId=plan_id, patchOperations=raised)
    # What was taken under the old limit may leave the bucket empty, and no emptier than that: from this call on at the latest, a
    # token comes back every millisecond.
    world.call(value)
    time.sleep(0.01)
    assert world.call(value).status == 200


def test_usage_is_what_was_served(world):
    plan_id = world.plan(quota={"limit": 3, "period": "DAY"})
    key_id, value = world.key(plan_id)
    assert world.usage(plan_id, key_id) == [0, 3]
    assert world.statuses(value, 2) == [200, 200]
    assert world.usage(plan_id, key_id) == [2, 1]
    assert world.statuses(value, 2) == [200, 429]
    assert seen(world.call(value)) == EXCEEDED
    assert world.usage(plan_id, key_id) == [3, 0]
    granted = world.client.update_usage(usagePlanId=plan_id, keyId=key_id, patchOperations=[patch("replace", "/remaining", "2")])
    assert granted["items"][key_id] == [[3, 2]]
    assert world.statuses(value, 3) == [200, 200, 429]
    assert world.usage(plan_id, key_id) == [5, 0]
    world.client.update_usage_plan(usagePlanId=plan_id, patchOperations=[patch("replace", "/quota/limit", "4")])
    assert world.statuses(value, 2) == [200, 429]


def test_parallel_clients_get_exactly_the_quota(world):
    plan_id = world.plan(quota={"limit": 150, "period": "MONTH"})
    key_id, value = world.key(plan_id)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: world.call(value).status, range(200)))
    assert (statuses.count(200), statuses.count(429)) == (150, 50)
    assert world.usage(plan_id, key_id) == [150, 0]


def test_a_stage_throttle(world):
    own = World(world.server)
    operations = [patch("replace", "/*/*/throttling/rateLimit", "0.001"), patch("replace", "/*/*/throttling/burstLimit", "1")]
    own.client.update_stage(restApiId=own.api_id, stageName="dev", patchOperations=operations)
    answers = [own.call(method="POST") for _ in range(2)]
    assert answers[0].status == 200 and seen(answers[1]) == THROTTLED
    operations = [patch("replace", "/*/*/throttling/rateLimit", "-1"), patch("replace", "/*/*/throttling/burstLimit", "-1")]
    own.client.update_stage(restApiId=own.api_id, stageName="dev", patchOperations=operations)
    assert [own.call(method="POST").status for _ in range(3)] == [200, 200, 200]


def test_ten_times_the_limit_for_real(world):
    rate, burst, seconds = 20, 20, 3
    plan_id = world.plan(throttle={"rateLimit": rate, "burstLimit": burst})
    _, value = world.key(plan_id)
    end = time.monotonic() + seconds

    def ask(_):
        admitted = 0
        while time.monotonic() < end:
            admitted += world.call(value).status == 200
        return admitted

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        admitted = sum(pool.map(ask, range(8)))
    # How long it took is known to the time of one call on either side.
    assert rate * seconds + burst - 5 <= admitted <= rate * seconds + burst + 5


def test_a_clean_end_loses_nothing_and_a_crash_the_last_second(fresh_server):
    world = World(fresh_server())
    plan_id = world.plan(quota={"limit": 100, "period": "MONTH"})
    key_id, value = world.key(plan_id)
    assert world.statuses(value, 7) == [200] * 7
    assert world.server.stop() == 0
    world.server.start()
    world.anew()
    assert world.usage(plan_id, key_id) == [7, 93]
    assert world.statuses(value, 3) == [200] * 3
    time.sleep(2.5)
    assert world.statuses(value, 2) == [200] * 2
    world.server.restart()
    world.anew()
    used, remaining = world.usage(plan_id, key_id)
    assert 10 <= used <= 12 and remaining == 100 - used
    assert world.call(value).status == 200
    assert world.usage(plan_id, key_id) == [used + 1, remaining - 1]


def test_no_value_of_a_key_is_logged(fresh_server):
    server = fresh_server(environment={"POSTERN_LOG_LEVEL": "debug"})
    world = World(server)
    _, value = world.key(world.plan())
    unknown = plans.value(40)
    assert world.call(value).status == 200
    assert seen(world.call(unknown)) == FORBIDDEN
    assert value not in server.log() and unknown not in server.log()
