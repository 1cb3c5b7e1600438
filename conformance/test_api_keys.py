"""API keys: what is answered and stored, what is refused and how, lists, and imports from files."""

import pytest

import plans
from answers import bare, patch, status
from refusals import bad_request, conflict, not_found, refusal
from server import ACCOUNT
from test_parallel_writers import all_at_once

MISSING = not_found("Invalid API Key identifier specified")
DATES = ("createdDate", "lastUpdatedDate")


@pytest.fixture(scope="module")
def alone(server):
    """A region of its own: lists show every key of one."""
    return server.client("apigateway", region="api-keys-1")


@pytest.fixture
def key(apigateway):
    return bare(apigateway.create_api_key(name="key"))


def test_the_least_that_makes_a_key(apigateway):
    """Not enabled, without a name, with a value of forty characters."""
    made = apigateway.create_api_key()
    assert status(made) == 201
    assert made["createdDate"] == made["lastUpdatedDate"]
    assert bare(made, *DATES) == {"id": made["id"], "value": made["value"], "enabled": False, "stageKeys": []}
    assert len(made["id"]) == 10 and len(made["value"]) == 40 and made["value"].isalnum()


@pytest.mark.parametrize("empty", [{"name": ""}, {"value": ""}, {"description": ""}, {"customerId": ""}])
def test_empty_is_absent(apigateway, empty):
    made = apigateway.create_api_key(**empty)
    assert bare(made, *DATES, "id", "value") == {"enabled": False, "stageKeys": []}
    assert len(made["value"]) == 40


def test_all_that_a_key_can_have(apigateway):
    api_id = plans.api_with_stages(apigateway, "dev")
    given = {
        "name": "n" * 1024,
        "description": "d" * 125000,
        "enabled": True,
        "value": plans.value(128),
        "customerId": "customer",
        "tags": {"a": "1"},
    }
    stage = {"restApiId": api_id, "stageName": "dev"}
    made = apigateway.create_api_key(**given, generateDistinctId=True, stageKeys=[stage])
    shown = {**given, "stageKeys": [f"{api_id}/dev"]}
    assert bare(made, *DATES, "id") == shown
    got = apigateway.get_api_key(apiKey=made["id"], includeValue=True)
    assert bare(got) == bare(made)
    got = apigateway.get_api_key(apiKey=made["id"])
    assert bare(got, *DATES, "id") == {name: shown[name] for name in shown if name != "value"}


@pytest.mark.parametrize(
    ("given", "refused"),
    [
        ({"name": "n" * 1025}, bad_request("Invalid API Key name, can be at most 1024 characters.")),
        ({"value": "v" * 19}, bad_request("API Key value should be at least 20 characters")),
        ({"value": "v" * 129}, bad_request("API Key value exceeds maximum size of 128 characters")),
        ({"description": "d" * 125001}, bad_request("Invalid API Key description specified.")),
        ({"stageKeys": [{"restApiId": "none", "stageName": "s"}]}, not_found(f"Invalid API identifier specified {ACCOUNT}:none")),
    ],
)
def test_what_is_refused(apigateway, given, refused):
    assert refusal(apigateway.create_api_key, **given) == refused


def test_a_value_is_taken_once(apigateway):
    value = plans.value()
    made = apigateway.create_api_key(name="same", value=value)
    assert refusal(apigateway.create_api_key, name="other", value=value) == conflict("API Key already exists")
    apigateway.create_api_key(name="same")
    apigateway.delete_api_key(apiKey=made["id"])
    apigateway.create_api_key(value=value)


def test_a_value_is_taken_once_by_parallel_writers(server, alone):
    value = plans.value()

    def write(_):
        try:
            return alone.create_api_key(value=value)["id"]
        except alone.exceptions.ConflictException:
            return None

    made = [key_id for key_id in all_at_once(write) if key_id]
    assert len(made) == 1
    assert [key["id"] for key in plans.everything(alone, "get_api_keys", includeValues=True) if key["value"] == value] == made


def test_a_value_is_free_in_another_region(server, apigateway):
    value = plans.value()
    apigateway.create_api_key(value=value)
    elsewhere = server.client("apigateway", region="eu-west-1")
    made = elsewhere.create_api_key(value=value)
    assert refusal(apigateway.get_api_key, apiKey=made["id"]) == MISSING


def test_what_is_not_found(apigateway):
    assert refusal(apigateway.get_api_key, apiKey="none") == MISSING
    assert refusal(apigateway.update_api_key, apiKey="none", patchOperations=[]) == MISSING
    assert refusal(apigateway.delete_api_key, apiKey="none") == MISSING


def test_a_deleted_key_is_gone(apigateway, key):
    assert status(apigateway.delete_api_key(apiKey=key["id"])) == 202
    assert refusal(apigateway.get_api_key, apiKey=key["id"]) == MISSING
    assert refusal(apigateway.delete_api_key, apiKey=key["id"]) == MISSING


@pytest.mark.parametrize(
    ("operation", "changed"),
    [
        (patch("replace", "/name", "other"), {"name": "other"}),
        (patch("replace", "/name", ""), {"name": None}),
        (patch("replace", "/description", "text"), {"description": "text"}),
        (patch("replace", "/enabled", "true"), {"enabled": True}),
        (patch("replace", "/enabled", "TRUE"), {"enabled": True}),
        (patch("replace", "/enabled", "no"), {"enabled": False}),
        (patch("replace", "/customerId", "c"), {"customerId": "c"}),
        (patch("add", "/labels", "l"), {}),
        (patch("remove", "/labels", "l"), {}),
        (patch("remove", "/stages", "a/b"), {}),
    ],
)
def test_patches(apigateway, key, operation, changed):
    wanted = {name: value for name, value in {**key, **changed}.items() if value is not None}
    updated = apigateway.update_api_key(apiKey=key["id"], patchOperations=[operation])
    assert bare(updated, *DATES) == bare(wanted, *DATES, "value")
    assert bare(apigateway.get_api_key(apiKey=key["id"], includeValue=True), *DATES) == bare(wanted, *DATES)


def test_a_patched_stage_is_there(apigateway, key):
    api_id = plans.api_with_stages(apigateway, "dev")
    place = {"apiKey": key["id"]}
    added = apigateway.update_api_key(**place, patchOperations=[patch("add", "/stages", f"{api_id}/dev")])
    assert added["stageKeys"] == [f"{api_id}/dev"]
    unknown = refusal(apigateway.update_api_key, **place, patchOperations=[patch("add", "/stages", f"{api_id}/none")])
    assert unknown == not_found("Invalid stage identifier specified")
    removed = apigateway.update_api_key(**place, patchOperations=[patch("remove", "/stages", f"{api_id}/dev")])
    assert removed["stageKeys"] == []


@pytest.mark.parametrize(
    ("operation", "text"),
    [
        (patch("replace", "/description", "d" * 125001), "Invalid API Key description specified."),
        (patch("replace", "/name", "n" * 1025), "Invalid API Key name, can be at most 1024 characters."),
        (patch("replace", "/value", plans.value()), "Invalid patch path /value"),
        (patch("add", "/name", "n"), "Invalid patch operation specified. Must be one of: [replace]"),
        (patch("remove", "/enabled"), "Invalid patch operation specified. Must be one of: [replace]"),
    ],
)
def test_refused_patches(apigateway, key, operation, text):
    operations = [patch("replace", "/enabled", "true"), operation]
    assert refusal(apigateway.update_api_key, apiKey=key["id"], patchOperations=operations) == bad_request(text)
    assert bare(apigateway.get_api_key(apiKey=key["id"], includeValue=True)) == key


def test_lists_filter_and_page(server):
    client = server.client("apigateway", region="api-keys-2")
    assert bare(client.get_api_keys()) == {"items": []}
    made = [client.create_api_key(name=name) for name in ("TestKey1", "TestKey2", "other")]
    made.append(client.create_api_key(customerId="customer"))
    hidden = sorted((bare(key, "value") for key in made), key=lambda key: key["id"])
    shown = sorted((bare(key) for key in made), key=lambda key: key["id"])
    assert bare(client.get_api_keys()) == {"items": hidden}
    assert client.get_api_keys(includeValues=True)["items"] == shown
    for size in (1, 2, 3, 4, 500):
        assert plans.everything(client, "get_api_keys", size, includeValues=True) == shown

    def named(query):
        return {key["name"] for key in plans.everything(client, "get_api_keys", 1, nameQuery=query)}

    # A prefix, with its case: as recorded.
    assert named("TestKey") == {"TestKey1", "TestKey2"}
    assert named("TestKey2") == {"TestKey2"}
    for query in ("testkey", "Key1", "estK", "TestKey11"):
        assert named(query) == set()
    assert client.get_api_keys(customerId="customer")["items"] == [bare(made[3], "value")]
    assert client.get_api_keys(customerId="nobody")["items"] == []


def test_tags(apigateway, key):
    arn = f"arn:aws:apigateway:us-east-1::/apikeys/{key['id']}"
    apigateway.tag_resource(resourceArn=arn, tags={"a": "1", "b": "2"})
    apigateway.untag_resource(resourceArn=arn, tagKeys=["a"])
    assert apigateway.get_tags(resourceArn=arn)["tags"] == {"b": "2"}
    assert apigateway.get_api_key(apiKey=key["id"])["tags"] == {"b": "2"}
    apigateway.untag_resource(resourceArn=arn, tagKeys=["b"])
    assert "tags" not in apigateway.get_api_key(apiKey=key["id"])


def imported(client, file, **arguments):
    return client.import_api_keys(body=file.encode(), format="csv", **arguments)


def test_a_file_makes_keys(apigateway):
    plan_ids = [apigateway.create_usage_plan(name="csv")["id"] for _ in range(2)]
    first, second, third = plans.value(), plans.value(), plans.value(128)
    file = (
        "Name,key,description,Enabled,usageplanIds,unknown\r\n"
        f"MyFirst,{first},An imported key,TRUE,{plan_ids[0]},x\r\n"
        f"'it''s, quoted',{second},,false,\"{plan_ids[0]},{plan_ids[1]}\"\r\n"
        f",{third}\r\n"
    )
    made = imported(apigateway, file)
    assert status(made) == 201 and "warnings" not in made
    keys = [bare(apigateway.get_api_key(apiKey=key_id, includeValue=True), *DATES, "id") for key_id in made["ids"]]
    assert keys == [
        {"name": "MyFirst", "value": first, "description": "An imported key", "enabled": True, "stageKeys": []},
        {"name": "it's, quoted", "value": second, "enabled": False, "stageKeys": []},
        {"value": third, "enabled": True, "stageKeys": []},
    ]
    members = [{key["id"] for key in apigateway.get_usage_plan_keys(usagePlanId=plan)["items"]} for plan in plan_ids]
    assert members == [set(made["ids"][:2]), {made["ids"][1]}]
    # The same value again is the same key, with what the newest row says.
    again = imported(apigateway, f"KEY,NAME\n{first},old\n{first},new\n")
    assert again["ids"] == made["ids"][:1]
    assert apigateway.get_api_key(apiKey=again["ids"][0])["name"] == "new"


def test_warnings_let_the_rest_through_or_nothing(apigateway):
    good = plans.value()
    file = f"key,name\nshort,n\n{good},n\n"
    warning = "Line 2: API Key value should be at least 20 characters"
    refused = refusal(apigateway.import_api_keys, body=file.encode(), format="csv", failOnWarnings=True)
    assert refused[:2] == (400, "BadRequestException") and warning in refused[2]
    made = imported(apigateway, file, failOnWarnings=False)
    assert made["warnings"] == [warning] and len(made["ids"]) == 1
    assert refusal(apigateway.create_api_key, value=good) == conflict("API Key already exists")


@pytest.mark.parametrize("file", [b"", b"\n\n", b"name\nn", b"key\nvalue", b"\xff\xfe"])
def test_what_is_no_file_of_keys(apigateway, file):
    assert refusal(apigateway.import_api_keys, body=file, format="csv")[:2] == (400, "BadRequestException")


def test_an_unknown_format(server, apigateway):
    status_, code, message = refusal(apigateway.import_api_keys, body=b"", format="xml")
    assert (status_, code) == (400, "ValidationException") and "Member must satisfy enum value set: [csv]" in message


def test_values_are_not_in_the_log(server, apigateway):
    value = plans.value(100)
    apigateway.create_api_key(value=value)
    refusal(apigateway.create_api_key, value=value)
    assert value not in server.log()
