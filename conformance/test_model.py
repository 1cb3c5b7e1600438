"""Model: schemas, every PATCH path, texts, templates, and who still uses one."""

import json

import pytest

import rest_apis
from answers import bare, patch, status
from refusals import bad_request, conflict, not_found, refusal
from server import ACCOUNT

NO_SCHEMA = bad_request("Model schema must have at least 1 property or array items defined")
INVALID = bad_request("Invalid model specified: Validation Result: warnings : [], errors : [Invalid model schema specified]")
ONLY_REPLACE = bad_request("Invalid patch operation specified. Must be one of: [replace]")
SCHEMA = '{ "type": "object",  "properties": {"id": {"type": "integer"}} }'


@pytest.fixture
def api(apigateway):
    return rest_apis.create(apigateway, "models")


@pytest.fixture
def model(apigateway, api):
    """A new model: (what names it, the answer that made it)."""
    made = apigateway.create_model(
        restApiId=api[0], name="Pet", description="a pet", contentType="application/json", schema=SCHEMA
    )
    return {"restApiId": api[0], "modelName": "Pet"}, bare(made)


def reference(api_id, name):
    return {"$ref": f"https://apigateway.amazonaws.com/restapis/{api_id}/models/{name}"}


def create(client, api_id, name, schema, content_type="application/json", **more):
    schema = schema if isinstance(schema, str) else json.dumps(schema)
    return client.create_model(restApiId=api_id, name=name, contentType=content_type, schema=schema, **more)


def test_everything_is_shown(apigateway, model):
    place, made = model
    assert len(made["id"]) == 6
    assert bare(made, "id") == {"name": "Pet", "description": "a pet", "contentType": "application/json", "schema": SCHEMA}
    assert bare(apigateway.get_model(**place)) == made
    assert made in apigateway.get_models(restApiId=place["restApiId"])["items"]


def test_an_empty_description_is_none(apigateway, api):
    assert "description" not in create(apigateway, api[0], "A", {"type": "object"}, description="")


@pytest.mark.parametrize(
    ("given", "refused"),
    [
        ({"name": ""}, bad_request("Model name must be non-empty")),
        ({"name": "with-dash"}, bad_request("Model name must be alphanumeric: with-dash")),
        ({"schema": ""}, NO_SCHEMA),
        ({"schema": None}, NO_SCHEMA),
        ({"schema": None, "contentType": "application/xml"}, NO_SCHEMA),
        ({"schema": "{"}, INVALID),
        ({"schema": '"text"'}, INVALID),
        ({"name": "Empty"}, conflict("Model name already exists for this REST API")),
        (
            {"schema": json.dumps({"title": "x" * 400 * 1024})},
            bad_request("Model schema exceeds the maximum size of 409600 bytes"),
        ),
    ],
)
def test_what_cannot_be_created(apigateway, api, given, refused):
    before = apigateway.get_models(restApiId=api[0])["items"]
    arguments = {"restApiId": api[0], "name": "A", "contentType": "application/json", "schema": SCHEMA, **given}
    arguments = {name: value for name, value in arguments.items() if value is not None}
    assert refusal(apigateway.create_model, **arguments) == refused
    assert apigateway.get_models(restApiId=api[0])["items"] == before


@pytest.mark.parametrize(
    ("operation", "change"),
    [
        (patch("replace", "/description", "new"), {"description": "new"}),
        (patch("replace", "/schema", '{"type":"array"}'), {"schema": '{"type":"array"}'}),
    ],
)
def test_each_path_can_be_replaced(apigateway, model, operation, change):
    place, made = model
    assert bare(apigateway.update_model(**place, patchOperations=[operation])) == made | change
    assert bare(apigateway.get_model(**place)) == made | change


@pytest.mark.parametrize("value", ["", None])
def test_a_description_can_be_cleared(apigateway, model, value):
    place, made = model
    updated = apigateway.update_model(**place, patchOperations=[patch("replace", "/description", value)])
    assert bare(updated) == bare(made, "description")


@pytest.mark.parametrize(
    ("operation", "refused"),
    [
        *[(patch(op, path, "{}"), ONLY_REPLACE) for path in ("/description", "/schema") for op in ("add", "remove", "copy")],
        (patch("replace", "/name", "B"), bad_request("Invalid patch path /name")),
        (patch("replace", value="B"), bad_request("Invalid patch path null")),
        (patch("replace", "/schema"), NO_SCHEMA),
        (patch("replace", "/schema", "no json"), INVALID),
    ],
)
def test_what_a_patch_cannot_do(apigateway, model, operation, refused):
    place, made = model
    operations = [patch("replace", "/description", "first"), operation]
    assert refusal(apigateway.update_model, **place, patchOperations=operations) == refused
    assert bare(apigateway.get_model(**place)) == made
    assert bare(apigateway.update_model(**place, patchOperations=[])) == made


@pytest.mark.parametrize("api_exists", [True, False])
def test_what_is_not_found(apigateway, api, api_exists):
    place = {"restApiId": api[0] if api_exists else "zzzzzzzzzz", "modelName": "None"}
    missing = not_found("Invalid model name specified: None")
    assert refusal(apigateway.get_model, **place) == missing
    assert refusal(apigateway.get_model_template, **place) == missing
    assert refusal(apigateway.update_model, **place, patchOperations=[]) == missing
    assert refusal(apigateway.delete_model, **place) == missing


def test_an_unknown_api(apigateway):
    missing = not_found(f"Invalid API identifier specified {ACCOUNT}:zzzzzzzzzz")
    arguments = {"restApiId": "zzzzzzzzzz", "name": "", "contentType": "application/json"}
    assert refusal(apigateway.create_model, **arguments) == missing
    assert refusal(apigateway.get_models, restApiId="zzzzzzzzzz") == missing


def test_a_model_in_use_stays(apigateway, api):
    api_id, root_id = api
    place = {"restApiId": api_id, "modelName": "Two"}
    create(apigateway, api_id, "Two", {"type": "object"})

    def referenced(where):
        return conflict(f"Cannot delete model 'Two', is referenced in {where}")

    def use(resource_id):
        method = {"restApiId": api_id, "resourceId": resource_id, "httpMethod": "ANY"}
        apigateway.put_method(**method, authorizationType="NONE", requestModels={"application/json": "Two"})
        return method

    root = use(root_id)
    assert refusal(apigateway.delete_model, **place) == referenced("method request: //ANY")
    child = use(rest_apis.add_resource(apigateway, api_id, root_id, "test"))
    assert refusal(apigateway.delete_model, **place) == referenced("method request: /test/ANY")
    apigateway.update_method(**child, patchOperations=[patch("remove", "/requestModels/application~1json")])
    assert refusal(apigateway.delete_model, **place) == referenced("method request: //ANY")
    apigateway.delete_method(**root)
    apigateway.put_method_response(**child, statusCode="200", responseModels={"application/json": "Two"})
    assert refusal(apigateway.delete_model, **place) == referenced("method response: /test/ANY")
    apigateway.delete_method(**child)
    assert status(apigateway.delete_model(**place)) == 202
    assert refusal(apigateway.delete_model, **place) == not_found("Invalid model name specified: Two")


def test_flatten(apigateway, api):
    api_id, _ = api
    create(apigateway, api_id, "Pet", {"type": "object", "properties": {"id": {"type": "integer"}}})
    create(apigateway, api_id, "Pets", {"type": "array", "items": reference(api_id, "Pet")})
    place = {"restApiId": api_id, "modelName": "Pets"}
    assert json.loads(apigateway.get_model(**place)["schema"])["items"] == reference(api_id, "Pet")
    assert json.loads(apigateway.get_model(**place, flatten=True)["schema"]) == {
        "type": "array",
        "items": {"$ref": "#/definitions/Pet"},
        "definitions": {"Pet": {"type": "object", "properties": {"id": {"type": "integer"}}}},
    }


def test_templates(apigateway, api):
    api_id, _ = api
    start = "#set($inputRoot = $input.path('$'))\n"
    assert apigateway.get_model_template(restApiId=api_id, modelName="Empty")["value"] == f"{start}{{ }}"
    create(apigateway, api_id, "Pets", {"type": "array", "items": {"properties": {"id": {"type": "integer"}, "name": {"type": "string"}}}})
    assert apigateway.get_model_template(restApiId=api_id, modelName="Pets")["value"] == start + "\n".join(
        [
            "[",
            "##TO" "DO: Update this foreach loop to reference array from input json",
            "#foreach($elem in $inputRoot)",
            "  {",
            '    "id" : $elem.id,',
            '    "name" : "$elem.name"',
            "  } ",
            "#if($foreach.hasNext),#end",
            "#end",
            "]",
        ]
    )


def test_models_that_refer_to_themselves(apigateway, api):
    api_id, _ = api
    members = {f"m{number}": reference(api_id, "Loop") for number in range(5)}
    create(apigateway, api_id, "Loop", {"properties": members})
    place = {"restApiId": api_id, "modelName": "Loop"}
    assert len(apigateway.get_model_template(**place)["value"]) < 1024 * 1024
    flat = json.loads(apigateway.get_model(**place, flatten=True)["schema"])
    assert flat == {"properties": {name: {"$ref": "#"} for name in members}}


def test_pages(apigateway, api):
    names = {"Empty", "Error"} | {create(apigateway, api[0], f"M{number}", {"type": "object"})["name"] for number in range(5)}
    pages = list(apigateway.get_paginator("get_models").paginate(restApiId=api[0], PaginationConfig={"PageSize": 3}))
    assert [len(page["items"]) for page in pages] == [3, 3, 1]
    assert {item["name"] for page in pages for item in page["items"]} == names
