"""Usage plans, the keys in them and their usage: what is answered, what is refused, and what holds between plans, keys and stages."""

import pytest

import plans
import rest_apis
from answers import bare, patch, status
from refusals import bad_request, not_found, refusal

MISSING = not_found("Invalid Usage Plan ID specified")
KEY_MISSING = not_found("Invalid API Key identifier specified")


@pytest.fixture(scope="module")
def api_id(apigateway):
    return plans.api_with_stages(apigateway, "dev", "prod")


@pytest.fixture
def plan(apigateway, api_id):
    """The id of a plan with a stage and everything else that a patch can remove."""
    made = apigateway.create_usage_plan(
        name="plan",
        description="d",
        apiStages=[{"apiId": api_id, "stage": "dev", "throttle": {"/pets/GET": {"rateLimit": 1.5, "burstLimit": 2}}}],
        throttle={"rateLimit": 10.0, "burstLimit": 20},
        quota={"limit": 100, "offset": 1, "period": "WEEK"},
    )
    yield made["id"]
    delete(apigateway, made["id"])


def delete(client, plan_id):
    stages = client.get_usage_plan(usagePlanId=plan_id)["apiStages"]
    operations = [patch("remove", "/apiStages", f"{stage['apiId']}:{stage['stage']}") for stage in stages]
    client.update_usage_plan(usagePlanId=plan_id, patchOperations=operations)
    client.delete_usage_plan(usagePlanId=plan_id)


def new_key(client):
    return client.create_api_key(name="planned")["id"]


def join(client, plan_id, key_id):
    return client.create_usage_plan_key(usagePlanId=plan_id, keyId=key_id, keyType="API_KEY")


def test_the_least_that_makes_a_plan(apigateway):
    made = apigateway.create_usage_plan(name="least")
    assert status(made) == 201 and len(made["id"]) == 6
    assert bare(made, "id") == {"name": "least", "apiStages": []}
    assert bare(apigateway.get_usage_plan(usagePlanId=made["id"])) == bare(made)


def test_a_burst_above_the_rate(apigateway):
    made = apigateway.create_usage_plan(name="burst", throttle={"rateLimit": 10, "burstLimit": 20})
    assert bare(made, "id") == {"name": "burst", "apiStages": [], "throttle": {"burstLimit": 20, "rateLimit": 10.0}}


def test_all_that_a_plan_can_have(apigateway, api_id, plan):
    assert bare(apigateway.get_usage_plan(usagePlanId=plan), "id") == {
        "name": "plan",
        "description": "d",
        "apiStages": [{"apiId": api_id, "stage": "dev", "throttle": {"/pets/GET": {"rateLimit": 1.5, "burstLimit": 2}}}],
        "throttle": {"rateLimit": 10.0, "burstLimit": 20},
        "quota": {"limit": 100, "offset": 1, "period": "WEEK"},
    }


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"name": " "}, "Usage Plan name cannot be blank"),
        ({"quota": {"period": "DAY"}}, "Usage Plan quota limit must be a non-negative numeric"),
        ({"quota": {"limit": -1, "period": "DAY"}}, "Usage Plan quota limit must be a non-negative numeric"),
        ({"quota": {"limit": 1}}, "Invalid Usage Plan quota period specified. Must be one of [DAY, WEEK, MONTH]"),
        ({"quota": {"limit": 1, "offset": 1, "period": "DAY"}}, "Usage Plan quota offset must be zero in the DAY period"),
        (
            {"quota": {"limit": 1, "offset": 7, "period": "WEEK"}},
            "Usage Plan quota offset must be between 0 and 6 inclusive in the WEEK period",
        ),
        (
            {"quota": {"limit": 1, "offset": 28, "period": "MONTH"}},
            "Usage Plan quota offset must be between 0 and 27 inclusive in the MONTH period",
        ),
        (
            {"apiStages": [{"apiId": "a", "stage": "s", "throttle": {"pets": {"rateLimit": 1}}}]},
            "Invalid method {resourcePath: pets,method: } specified",
        ),
    ],
)
def test_what_is_refused(apigateway, given, text):
    assert refusal(apigateway.create_usage_plan, **{"name": "n", **given}) == bad_request(text)


def test_stages_must_be_there(apigateway, api_id):
    for api, stage in ((api_id, "none"), ("none", "dev")):
        given = [{"apiId": api, "stage": stage}]
        assert refusal(apigateway.create_usage_plan, name="n", apiStages=given) == not_found(f"API Stage not found: {api}:{stage}")


def test_what_is_not_found(apigateway):
    place = {"usagePlanId": "none"}
    assert refusal(apigateway.get_usage_plan, **place) == MISSING
    assert refusal(apigateway.update_usage_plan, **place, patchOperations=[]) == MISSING
    assert refusal(apigateway.delete_usage_plan, **place) == MISSING
    assert refusal(apigateway.get_usage_plan_keys, **place) == MISSING
    assert refusal(apigateway.get_usage_plan_key, **place, keyId="k") == MISSING
    assert refusal(apigateway.create_usage_plan_key, **place, keyId="k", keyType="API_KEY") == MISSING
    assert refusal(apigateway.delete_usage_plan_key, **place, keyId="k") == MISSING
    assert refusal(apigateway.get_usage, **place, startDate="2024-01-01", endDate="2024-01-02") == MISSING
    assert refusal(apigateway.update_usage, **place, keyId="k", patchOperations=[]) == MISSING


STAGE = "/apiStages/{api}:dev/throttle"
LIMITS = {"rateLimit": 1.5, "burstLimit": 2}


def staged(**methods):
    """The stage of the plan with these method throttles; a `_` is a slash."""
    throttle = {name.replace("_", "/"): limits for name, limits in methods.items()}
    return {"apiStages": lambda api: [{"apiId": api, "stage": "dev", **({"throttle": throttle} if throttle else {})}]}


@pytest.mark.parametrize(
    ("op", "path", "value", "changed"),
    [
        ("replace", "/name", "other", {"name": "other"}),
        ("replace", "/description", "text", {"description": "text"}),
        ("replace", "/description", "", {"description": None}),
        ("add", "/productCode", "code", {"productCode": "code"}),
        ("replace", "/productCode", "code", {"productCode": "code"}),
        ("remove", "/productCode", None, {}),
        ("remove", "/quota", None, {"quota": None}),
        ("add", "/quota/limit", "7", {"quota": {"limit": 7, "offset": 1, "period": "WEEK"}}),
        ("replace", "/quota/limit", "7", {"quota": {"limit": 7, "offset": 1, "period": "WEEK"}}),
        ("add", "/quota/offset", "6", {"quota": {"limit": 100, "offset": 6, "period": "WEEK"}}),
        ("replace", "/quota/offset", "0", {"quota": {"limit": 100, "offset": 0, "period": "WEEK"}}),
        ("add", "/quota/period", "MONTH", {"quota": {"limit": 100, "offset": 1, "period": "MONTH"}}),
        ("replace", "/quota/period", "MONTH", {"quota": {"limit": 100, "offset": 1, "period": "MONTH"}}),
        ("remove", "/throttle", None, {"throttle": None}),
        ("add", "/throttle/rateLimit", "0.5", {"throttle": {"rateLimit": 0.5, "burstLimit": 20}}),
        ("replace", "/throttle/rateLimit", "5.000000", {"throttle": {"rateLimit": 5.0, "burstLimit": 20}}),
        ("add", "/throttle/burstLimit", "3", {"throttle": {"rateLimit": 10.0, "burstLimit": 3}}),
        ("replace", "/throttle/burstLimit", "3", {"throttle": {"rateLimit": 10.0, "burstLimit": 3}}),
        ("remove", "/apiStages", "{api}:dev", {"apiStages": lambda _: []}),
        ("add", "/apiStages", "{api}:dev", {}),
        ("remove", STAGE, None, staged()),
        ("add", STAGE, '{"/a/PUT": {"rateLimit": 1, "burstLimit": 2}}', staged(_a_PUT={"rateLimit": 1.0, "burstLimit": 2})),
        ("replace", STAGE, '{"//GET": {"burstLimit": 2}}', staged(__GET={"burstLimit": 2})),
        ("remove", f"{STAGE}//pets/GET", None, staged()),
        ("remove", f"{STAGE}/~1pets/GET", None, staged()),
        ("add", f"{STAGE}//a/PUT/rateLimit", "3", staged(_pets_GET=LIMITS, _a_PUT={"rateLimit": 3.0})),
        ("replace", f"{STAGE}//pets/GET/burstLimit", "9", staged(_pets_GET={**LIMITS, "burstLimit": 9})),
        ("replace", f"{STAGE}/~1pets/GET/rateLimit", "9", staged(_pets_GET={**LIMITS, "rateLimit": 9.0})),
    ],
)
def test_patches(apigateway, api_id, plan, op, path, value, changed):
    operation = patch(op, path.replace("{api}", api_id), value.replace("{api}", api_id) if value else None)
    before = bare(apigateway.get_usage_plan(usagePlanId=plan))
    changed = {name: value(api_id) if callable(value) else value for name, value in changed.items()}
    wanted = {name: value for name, value in {**before, **changed}.items() if value is not None}
    assert bare(apigateway.update_usage_plan(usagePlanId=plan, patchOperations=[operation])) == wanted
    assert bare(apigateway.get_usage_plan(usagePlanId=plan)) == wanted


REMOVABLE = (
    "[/apiStages, /quota, /throttle, /productCode, /apiStages/<apidId:stageName>/throttle/<resourcePath>/<httpMethod>, "
    "/apiStages/<apidId:stageName>/throttle]"
)


@pytest.mark.parametrize(
    ("op", "path", "value", "refused"),
    [
        ("remove", "/name", None, f"Invalid patch path  '/name' specified for op 'remove'. Must be one of: {REMOVABLE}"),
        ("remove", "/apiStages", None, "Invalid API Stage specified"),
        ("replace", "/name", None, "Usage Plan name cannot be blank"),
        ("replace", "/quota/offset", "7", "Usage Plan quota offset must be between 0 and 6 inclusive in the WEEK period"),
        ("replace", "/quota/limit", "-1", "Usage Plan quota limit must be a non-negative numeric"),
        ("replace", "/quota/period", "YEAR", "Invalid Usage Plan quota period specified. Must be one of [DAY, WEEK, MONTH]"),
        ("add", "/apiStages", "none:dev", not_found("API Stage not found: none:dev")),
        ("remove", "/apiStages", "none:dev", not_found("API Stage not found: none:dev")),
        ("replace", "/apiStages/none:dev/throttle", "{}", not_found("API Stage not found: none:dev")),
        ("add", f"{STAGE}/*/*/rateLimit", "1", "Invalid method {resourcePath: *,method: *} specified"),
    ],
)
def test_refused_patches(apigateway, api_id, plan, op, path, value, refused):
    before = bare(apigateway.get_usage_plan(usagePlanId=plan))
    operations = [patch("replace", "/description", "changed"), patch(op, path.replace("{api}", api_id), value)]
    refused = bad_request(refused) if isinstance(refused, str) else refused
    assert refusal(apigateway.update_usage_plan, usagePlanId=plan, patchOperations=operations) == refused
    assert bare(apigateway.get_usage_plan(usagePlanId=plan)) == before


@pytest.mark.parametrize("op", ["add", "replace", "remove", "copy", "move", "test"])
@pytest.mark.parametrize("path", ["/", "/nothing", "/id", "/quota/limit/x", "/throttle/x", "/apiStages/", "/name/x"])
def test_paths_that_are_not_documented(apigateway, plan, op, path):
    before = bare(apigateway.get_usage_plan(usagePlanId=plan))
    operations = [patch(op, path, "1", **{"from": "/name"})]
    assert refusal(apigateway.update_usage_plan, usagePlanId=plan, patchOperations=operations)[:2] == (400, "BadRequestException")
    assert bare(apigateway.get_usage_plan(usagePlanId=plan)) == before


def test_a_quota_is_set_member_by_member(apigateway):
    """The second of the three does not fit the period before: only their end counts."""
    made = apigateway.create_usage_plan(name="quota", quota={"limit": 1, "period": "DAY"})
    operations = [patch("replace", f"/quota/{name}", value) for name, value in (("limit", "9"), ("offset", "5"), ("period", "WEEK"))]
    updated = apigateway.update_usage_plan(usagePlanId=made["id"], patchOperations=operations)
    assert updated["quota"] == {"limit": 9, "offset": 5, "period": "WEEK"}


def test_a_plan_with_stages_stays(apigateway, api_id, plan):
    text = f"Cannot delete Usage Plan {plan} because there are API Stages associated with it, including {api_id}:dev"
    assert refusal(apigateway.delete_usage_plan, usagePlanId=plan) == bad_request(text)


def test_deleted_stages_and_apis_leave_their_plans(apigateway):
    api_id = plans.api_with_stages(apigateway, "a", "b", "c")
    stages = [{"apiId": api_id, "stage": stage} for stage in "abc"]
    made = apigateway.create_usage_plan(name="stages", apiStages=stages)
    place = {"usagePlanId": made["id"]}
    apigateway.delete_stage(restApiId=api_id, stageName="a")
    assert apigateway.get_usage_plan(**place)["apiStages"] == stages[1:]
    apigateway.delete_rest_api(restApiId=api_id)
    assert apigateway.get_usage_plan(**place)["apiStages"] == []
    assert status(apigateway.delete_usage_plan(**place)) == 202
    assert refusal(apigateway.delete_usage_plan, **place) == MISSING


def test_lists(server):
    client = server.client("apigateway", region="usage-plans-1")
    assert bare(client.get_usage_plans()) == {"items": []}
    made = sorted((bare(client.create_usage_plan(name="same")) for _ in range(3)), key=lambda plan: plan["id"])
    for size in (None, 1, 2, 3):
        assert plans.everything(client, "get_usage_plans", size) == made
    key = new_key(client)
    for plan in made[:2]:
        join(client, plan["id"], key)
    assert plans.everything(client, "get_usage_plans", 1, keyId=key) == made[:2]
    assert refusal(client.get_usage_plans, keyId="none") == KEY_MISSING


def test_tags(apigateway, plan):
    arn = f"arn:aws:apigateway:us-east-1::/usageplans/{plan}"
    apigateway.tag_resource(resourceArn=arn, tags={"a": "1", "b": "2"})
    apigateway.untag_resource(resourceArn=arn, tagKeys=["a"])
    assert apigateway.get_tags(resourceArn=arn)["tags"] == {"b": "2"}
    assert apigateway.get_usage_plan(usagePlanId=plan)["tags"] == {"b": "2"}


def test_the_life_of_a_key_in_a_plan(apigateway, plan):
    key = apigateway.create_api_key(name="member")
    place = {"usagePlanId": plan, "keyId": key["id"]}
    assert refusal(apigateway.get_usage_plan_key, **place) == KEY_MISSING
    made = join(apigateway, plan, key["id"])
    assert status(made) == 201
    shown = {"id": key["id"], "type": "API_KEY", "name": "member", "value": key["value"]}
    assert bare(made) == bare(apigateway.get_usage_plan_key(**place)) == shown
    assert refusal(apigateway.create_usage_plan_key, **place, keyType="API_KEY")[:2] == (409, "ConflictException")
    assert apigateway.get_usage_plan_keys(usagePlanId=plan)["items"] == [shown]
    assert status(apigateway.delete_usage_plan_key(**place)) == 202
    assert refusal(apigateway.delete_usage_plan_key, **place) == KEY_MISSING
    assert apigateway.get_usage_plan_keys(usagePlanId=plan)["items"] == []


def test_what_cannot_join_a_plan(apigateway, plan):
    place = {"usagePlanId": plan, "keyId": "none"}
    assert refusal(apigateway.create_usage_plan_key, **place, keyType="API_KEY") == KEY_MISSING
    assert refusal(apigateway.create_usage_plan_key, **place, keyType="OTHER")[:2] == (400, "BadRequestException")


def test_keys_of_a_plan_are_listed_by_name_and_page(apigateway):
    plan = apigateway.create_usage_plan(name="keys")["id"]
    other = apigateway.create_usage_plan(name="others")["id"]
    made = [apigateway.create_api_key(name=name)["id"] for name in ("a1", "a2", "b1", "b2", "b3")]
    for key in made:
        join(apigateway, plan, key)
    join(apigateway, other, new_key(apigateway))
    for size in (None, 1, 2, 5):
        assert [key["id"] for key in plans.everything(apigateway, "get_usage_plan_keys", size, usagePlanId=plan)] == sorted(made)
        for query, wanted in (("a", made[:2]), ("b", made[2:]), ("b2", [made[3]]), ("B", []), ("1", [])):
            found = plans.everything(apigateway, "get_usage_plan_keys", size, usagePlanId=plan, nameQuery=query)
            assert [key["id"] for key in found] == sorted(wanted), (size, query)


def test_a_deleted_key_leaves_its_plans_and_a_deleted_plan_its_keys(apigateway):
    plan, other = (apigateway.create_usage_plan(name="forget")["id"] for _ in range(2))
    key, kept = new_key(apigateway), new_key(apigateway)
    for plan_id in (plan, other):
        join(apigateway, plan_id, key)
        join(apigateway, plan_id, kept)
    apigateway.delete_api_key(apiKey=key)
    assert [member["id"] for member in apigateway.get_usage_plan_keys(usagePlanId=plan)["items"]] == [kept]
    apigateway.delete_usage_plan(usagePlanId=plan)
    assert [found["id"] for found in apigateway.get_usage_plans(keyId=kept)["items"]] == [other]


def test_a_key_has_one_plan_per_stage(apigateway, api_id):
    with_stage = [apigateway.create_usage_plan(name="one", apiStages=[{"apiId": api_id, "stage": "prod"}])["id"] for _ in range(2)]
    without = apigateway.create_usage_plan(name="none")["id"]
    key = new_key(apigateway)
    join(apigateway, with_stage[0], key)
    place = {"usagePlanId": with_stage[1], "keyId": key, "keyType": "API_KEY"}
    assert refusal(apigateway.create_usage_plan_key, **place)[:2] == (409, "ConflictException")
    join(apigateway, without, key)
    add = [patch("add", "/apiStages", f"{api_id}:prod")]
    assert refusal(apigateway.update_usage_plan, usagePlanId=without, patchOperations=add)[:2] == (409, "ConflictException")
    apigateway.delete_usage_plan_key(usagePlanId=with_stage[0], keyId=key)
    apigateway.update_usage_plan(usagePlanId=without, patchOperations=add)
    for plan_id in (*with_stage, without):
        delete(apigateway, plan_id)


def test_usage_is_zero_until_there_is_some(apigateway, plan):
    keys = sorted(new_key(apigateway) for _ in range(2))
    for key in keys:
        join(apigateway, plan, key)
    days = {"usagePlanId": plan, "startDate": "2024-02-28", "endDate": "2024-03-01"}
    usage = apigateway.get_usage(**days)
    assert bare(usage) == {**days, "items": {key: [[0, 100]] * 3 for key in keys}}
    assert apigateway.get_usage(**days, keyId=keys[0])["items"] == {keys[0]: [[0, 100]] * 3}
    first = apigateway.get_usage(**days, limit=1)
    rest = apigateway.get_usage(**days, limit=1, position=first["position"])
    assert [*first["items"], *rest["items"]] == keys and "position" not in rest
    assert refusal(apigateway.get_usage, **days, keyId="none") == KEY_MISSING


@pytest.mark.parametrize(
    ("start", "end"), [("2024-03-02", "2024-03-01"), ("2024-02-30", "2024-03-01"), ("1.3.2024", "2024-03-01"), ("2020-01-01", "2024-01-01")]
)
def test_dates_that_make_no_range(apigateway, plan, start, end):
    assert refusal(apigateway.get_usage, usagePlanId=plan, startDate=start, endDate=end)[:2] == (400, "BadRequestException")


def test_a_grant(apigateway, plan):
    key = new_key(apigateway)
    join(apigateway, plan, key)
    place = {"usagePlanId": plan, "keyId": key}
    granted = apigateway.update_usage(**place, patchOperations=[patch("replace", "/remaining", "5000")])
    today = granted["startDate"]
    assert bare(granted) == {"usagePlanId": plan, "startDate": today, "endDate": today, "items": {key: [[0, 5000]]}}
    assert apigateway.get_usage(usagePlanId=plan, startDate=today, endDate=today)["items"] == {key: [[0, 5000]]}
    unknown = "Invalid patch path  '/used' specified for op 'replace'. Must be one of: [/remaining]"
    assert refusal(apigateway.update_usage, **place, patchOperations=[patch("replace", "/used", "1")]) == bad_request(unknown)
    unsupported = "Invalid patch path  '/remaining' specified for op 'add'. Please choose supported operations"
    assert refusal(apigateway.update_usage, **place, patchOperations=[patch("add", "/remaining", "1")]) == bad_request(unsupported)
    wrong = refusal(apigateway.update_usage, **place, patchOperations=[patch("replace", "/remaining", "-1")])
    assert wrong == bad_request("Invalid remaining quota specified: -1")
    other = refusal(apigateway.update_usage, usagePlanId=plan, keyId=new_key(apigateway), patchOperations=[])
    assert other == KEY_MISSING


def test_a_method_that_requires_a_key_is_shut_but_to_keys_of_the_stage(apigateway, invoke):
    api_id, root_id = rest_apis.create(apigateway)
    rest_apis.add_mock_method(apigateway, api_id, root_id, "{}")
    place = {"restApiId": api_id, "resourceId": root_id, "httpMethod": "GET"}
    apigateway.update_method(**place, patchOperations=[patch("replace", "/apiKeyRequired", "true")])
    for stage in ("dev", "prod"):
        rest_apis.deploy(apigateway, api_id, stage=stage)
    made = apigateway.create_usage_plan(name="shut", apiStages=[{"apiId": api_id, "stage": "dev"}])
    key, stranger = (apigateway.create_api_key(enabled=True) for _ in range(2))

    def answer(stage="dev", **headers):
        answer = invoke(api_id, stage, headers=headers)
        return answer.status, answer.json()

    forbidden = 403, {"message": "Forbidden"}
    assert answer(**{"x-api-key": key["value"]}) == forbidden, "a key in no plan opens nothing"
    join(apigateway, made["id"], key["id"])
    assert answer() == forbidden
    assert answer(**{"x-api-key": stranger["value"]}) == forbidden
    assert answer("prod", **{"x-api-key": key["value"]}) == forbidden, "the plan does not have that stage"
    assert answer(**{"x-api-key": key["value"]}) == (200, {})
