"""Documentation parts and versions: what is answered, what is refused and how, imports, and what a stage shows."""

import json

import pytest

import plans
import rest_apis
from answers import bare, patch, status
from refusals import bad_request, conflict, not_found, refusal
from server import ACCOUNT

PART_MISSING = not_found("Invalid Documentation part identifier specified")
VERSION_MISSING = not_found("Invalid Documentation version specified")
API_MISSING = not_found(f"Invalid API identifier specified {ACCOUNT}:api_id")
NO_DOCUMENT = bad_request("Unable to build importer with provided input.")

# What each kind of entity has besides its type; a path is there whether it was given or not.
NAMED = {"name": "n"}
PATH = {"path": "/pets"}
METHOD = {**PATH, "method": "GET"}
RESPONSE = {**METHOD, "statusCode": "200"}
KINDS = {
    "API": {},
    "AUTHORIZER": NAMED,
    "MODEL": NAMED,
    "RESOURCE": PATH,
    "METHOD": METHOD,
    "PATH_PARAMETER": {**METHOD, **NAMED},
    "QUERY_PARAMETER": {**METHOD, **NAMED},
    "REQUEST_HEADER": {**METHOD, **NAMED},
    "REQUEST_BODY": METHOD,
    "RESPONSE": RESPONSE,
    "RESPONSE_HEADER": {**RESPONSE, **NAMED},
    "RESPONSE_BODY": RESPONSE,
}
MEMBERS = {**RESPONSE, **NAMED}


@pytest.fixture
def api(apigateway):
    return {"restApiId": rest_apis.create(apigateway, "documented")[0]}


def create(client, api, properties='{"foo": "bar"}', **location):
    return client.create_documentation_part(**api, location=location, properties=properties)


def refused(client, api, properties="{}", **location):
    return refusal(client.create_documentation_part, **api, location=location, properties=properties)


def parts(client, api, **query):
    return plans.everything(client, "get_documentation_parts", **api, **query)


@pytest.mark.parametrize("kind", KINDS)
def test_a_part_of_each_kind(apigateway, api, kind):
    made = create(apigateway, api, type=kind, **KINDS[kind])
    assert status(made) == 201 and len(made["id"]) == 6
    assert bare(made) == {"id": made["id"], "location": {"type": kind, **KINDS[kind]}, "properties": '{"foo": "bar"}'}
    place = {**api, "documentationPartId": made["id"]}
    assert bare(apigateway.get_documentation_part(**place)) == bare(made)
    assert parts(apigateway, api) == [bare(made)]


@pytest.mark.parametrize("kind", KINDS)
def test_members_that_a_kind_does_not_have(apigateway, api, kind):
    for name, value in MEMBERS.items():
        if name not in KINDS[kind]:
            answer = refused(apigateway, api, type=kind, **{**KINDS[kind], name: value})
            assert answer[:2] == (400, "BadRequestException"), name
    assert parts(apigateway, api) == []


@pytest.mark.parametrize("kind", [kind for kind in KINDS if "name" in KINDS[kind]])
def test_a_name_that_is_needed(apigateway, api, kind):
    location = {name: value for name, value in KINDS[kind].items() if name != "name"}
    for missing in ({}, {"name": ""}):
        assert refused(apigateway, api, type=kind, **location, **missing)[:2] == (400, "BadRequestException")


@pytest.mark.parametrize("kind", [kind for kind in KINDS if "path" in KINDS[kind]])
def test_a_path_that_was_left_out_is_the_root(apigateway, api, kind):
    """Empty members are as absent ones: Terraform sends all five."""
    name = {"name": "n"} if "name" in KINDS[kind] else {}
    empty = {member: "" for member in MEMBERS}
    assert create(apigateway, api, type=kind, **{**empty, **name})["location"] == {"type": kind, "path": "/", **name}


def test_a_location_is_taken_once(apigateway, api):
    create(apigateway, api, type="API")
    text = "Documentation part already exists for the specified location: type 'API'."
    assert refused(apigateway, api, type="API") == conflict(text)
    create(apigateway, api, type="METHOD", path="/pets")
    text = "Documentation part already exists for the specified location: type 'METHOD', path '/pets', method '*'."
    assert refused(apigateway, api, type="METHOD", path="/pets", method="*") == conflict(text)
    create(apigateway, api, type="METHOD", path="/pets", method="GET")


@pytest.mark.parametrize("status_code", ["6", "600", "2000", "abc"])
def test_a_status_code_has_a_form(apigateway, api, status_code):
    answer = refused(apigateway, api, type="RESPONSE", statusCode=status_code)
    assert answer[:2] == (400, "ValidationException")
    where = "createDocumentationPartInput.location.statusCode"
    assert f"Value '{status_code}' at '{where}' failed to satisfy constraint" in answer[2]


@pytest.mark.parametrize("properties", ["", "text", "[]", "1", "{"])
def test_properties_are_an_object(apigateway, api, properties):
    answer = refused(apigateway, api, properties=properties, type="API")
    assert answer == bad_request("Invalid documentation part properties: they must be a JSON object")


def test_what_is_not_found(apigateway, api):
    """As recorded: a wrong API is an unknown part for an update."""
    wrong = {"restApiId": "api_id"}
    assert refused(apigateway, wrong, type="API") == API_MISSING
    assert refusal(apigateway.get_documentation_parts, **wrong) == API_MISSING
    assert refusal(apigateway.delete_documentation_part, **wrong, documentationPartId="none") == API_MISSING
    assert refusal(apigateway.import_documentation_parts, **wrong, body=b"{}") == API_MISSING
    assert refusal(apigateway.update_documentation_part, **wrong, documentationPartId="none", patchOperations=[]) == PART_MISSING
    place = {**api, "documentationPartId": "none"}
    assert refusal(apigateway.get_documentation_part, **place) == PART_MISSING
    assert refusal(apigateway.update_documentation_part, **place, patchOperations=[]) == PART_MISSING
    assert refusal(apigateway.delete_documentation_part, **place) == PART_MISSING


def test_a_deleted_part_is_gone(apigateway, api):
    place = {**api, "documentationPartId": create(apigateway, api, type="API")["id"]}
    assert status(apigateway.delete_documentation_part(**place)) == 202
    assert refusal(apigateway.delete_documentation_part, **place) == PART_MISSING
    create(apigateway, api, type="API")


def test_patches_of_a_part(apigateway, api):
    made = create(apigateway, api, type="API")
    place = {**api, "documentationPartId": made["id"]}
    updated = apigateway.update_documentation_part(**place, patchOperations=[patch("replace", "/properties", '{"a":1}')])
    assert bare(updated) == {**bare(made), "properties": '{"a":1}'}
    supported = "Invalid patch path  '/properties' specified for op '{}'. Please choose supported operations"
    for operation, text in [
        (patch("add", "/properties", "{}"), supported.format("add")),
        (patch("remove", "/properties"), supported.format("remove")),
        (
            patch("replace", "/invalidPath", "{}"),
            "Invalid patch path  '/invalidPath' specified for op 'replace'. Must be one of: [/properties]",
        ),
        (patch("replace", "/properties", "x"), "Invalid documentation part properties: they must be a JSON object"),
    ]:
        operations = [patch("replace", "/properties", "{}"), operation]
        assert refusal(apigateway.update_documentation_part, **place, patchOperations=operations) == bad_request(text)
    assert bare(apigateway.get_documentation_part(**place)) == bare(updated)


def test_lists_filter_and_page(apigateway, api):
    made = {kind: bare(create(apigateway, api, type=kind, **KINDS[kind])) for kind in KINDS}
    all_parts = sorted(made.values(), key=lambda part: part["id"])
    for size in (1, 5, 12, 500):
        assert plans.everything(apigateway, "get_documentation_parts", size, **api) == all_parts
    for kind, part in made.items():
        assert parts(apigateway, api, type=kind) == [part]
    assert {part["location"]["type"] for part in parts(apigateway, api, nameQuery="n")} == {k for k in KINDS if "name" in KINDS[k]}
    assert {part["location"]["type"] for part in parts(apigateway, api, path="/pets")} == {k for k in KINDS if "path" in KINDS[k]}
    assert parts(apigateway, api, path="/none") == parts(apigateway, api, nameQuery="none") == []
    assert parts(apigateway, api, locationStatus="DOCUMENTED") == all_parts


def test_entities_without_a_part(apigateway):
    api_id, root_id = rest_apis.create(apigateway, "undocumented")
    pets = rest_apis.add_resource(apigateway, api_id, root_id, "{pet}")
    place = {"restApiId": api_id, "resourceId": pets, "httpMethod": "GET"}
    parameters = {f"method.request.{name}": True for name in ("path.pet", "querystring.q", "header.h")}
    models = {"application/json": "Empty"}
    apigateway.put_method(**place, authorizationType="NONE", requestParameters=parameters, requestModels=models)
    headers = {"method.response.header.r": False}
    apigateway.put_method_response(**place, statusCode="200", responseParameters=headers, responseModels=models)
    api = {"restApiId": api_id}
    at = {"path": "/{pet}", "method": "GET"}
    wanted = [
        {"type": "API"},
        {"type": "MODEL", "name": "Empty"},
        {"type": "MODEL", "name": "Error"},
        {"type": "RESOURCE", "path": "/"},
        {"type": "RESOURCE", "path": "/{pet}"},
        {"type": "METHOD", **at},
        {"type": "PATH_PARAMETER", **at, "name": "pet"},
        {"type": "QUERY_PARAMETER", **at, "name": "q"},
        {"type": "REQUEST_HEADER", **at, "name": "h"},
        {"type": "REQUEST_BODY", **at},
        {"type": "RESPONSE", **at, "statusCode": "200"},
        {"type": "RESPONSE_HEADER", **at, "statusCode": "200", "name": "r"},
        {"type": "RESPONSE_BODY", **at, "statusCode": "200"},
    ]
    for documented in ([], wanted[:4], wanted[6:]):
        for location in documented:
            create(apigateway, api, **location)
            wanted = [other for other in wanted if other != location]
        for size in (2, 500):
            found = plans.everything(apigateway, "get_documentation_parts", size, **api, locationStatus="UNDOCUMENTED")
            assert sorted(map(str, found)) == sorted(str({"location": location}) for location in wanted)


def document(*documented, **members):
    extension = {"version": "1.0.3", "documentationParts": [{"location": place, "properties": text} for place, text in documented]}
    return {"swagger": "2.0", "info": {"title": "t"}, "paths": {}, "x-amazon-apigateway-documentation": extension, **members}


RECORDED = [
    ({"type": "API"}, {"description": "API description", "info": {"description": "4", "version": "3"}}),
    ({"type": "METHOD", "method": "GET"}, {"description": "Method description."}),
    ({"type": "MODEL", "name": "Empty"}, {"title": "Empty Schema"}),
    ({"type": "RESPONSE", "method": "GET", "statusCode": "200"}, {"description": "200 response"}),
]


def shown(part):
    return part["location"], json.loads(part["properties"])


def test_an_import(apigateway, api):
    body = json.dumps(document(*RECORDED)).encode()
    place = {**api, "body": body}
    made = apigateway.import_documentation_parts(**place)
    assert status(made) == 200 and bare(made).keys() == {"ids"} and len(made["ids"]) == 4
    wanted = [({**place, "path": "/"} if place["type"] in ("METHOD", "RESPONSE") else place, text) for place, text in RECORDED]
    by_id = {part["id"]: part for part in parts(apigateway, api)}
    assert [shown(by_id[part_id]) for part_id in made["ids"]] == wanted
    # As recorded: an overwrite makes all parts anew.
    again = apigateway.import_documentation_parts(**place, mode="overwrite")
    assert not set(again["ids"]) & set(made["ids"])
    by_id = {part["id"]: part for part in parts(apigateway, api)}
    assert [shown(by_id[part_id]) for part_id in again["ids"]] == wanted
    # A merge changes attribute by attribute, and leaves what is not in the document.
    merged = document(({"type": "API"}, {"description": "new"}), ({"type": "RESOURCE"}, {}))
    merge = apigateway.import_documentation_parts(**api, body=json.dumps(merged).encode(), mode="merge")
    assert merge["ids"][0] == again["ids"][0] and len(parts(apigateway, api)) == 5
    part = apigateway.get_documentation_part(**api, documentationPartId=merge["ids"][0])
    assert json.loads(part["properties"]) == {**RECORDED[0][1], "description": "new"}


def test_an_import_of_yaml(apigateway, api):
    text = """
openapi: "3.0.1"
info: {title: t, version: "1"}
x-amazon-apigateway-documentation:
  documentationParts:
    - location: {type: RESPONSE, path: /pets, method: GET, statusCode: 200}
      properties:
        description: a text
"""
    apigateway.import_documentation_parts(**api, body=text.encode())
    ((location, properties),) = map(shown, parts(apigateway, api))
    assert location == {"type": "RESPONSE", "path": "/pets", "method": "GET", "statusCode": "200"}
    assert properties == {"description": "a text"}


BOMB = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n" + "".join(f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10))


@pytest.mark.parametrize("body", [b"", b"text", b"[]", b"{", b"a: [", b'"quoted"', b"\xff", b"[" * 100_000, BOMB.encode()])
def test_what_is_no_document(apigateway, api, body):
    assert refusal(apigateway.import_documentation_parts, **api, body=body) == NO_DOCUMENT


def test_warnings_let_the_rest_through_or_nothing(apigateway, api):
    body = json.dumps(document(({"type": "API"}, {}), ({"type": "MODEL"}, {}))).encode()
    answer = refusal(apigateway.import_documentation_parts, **api, body=body, failOnWarnings=True)
    assert answer[:2] == (400, "BadRequestException") and answer[2].startswith("Warnings found during import:\n\t")
    assert parts(apigateway, api) == []
    made = apigateway.import_documentation_parts(**api, body=body)
    assert (len(made["ids"]), len(made["warnings"])) == (1, 1)


def test_a_document_without_documentation_clears_only_by_overwrite(apigateway, api):
    create(apigateway, api, type="API")
    for mode, left in (("merge", 1), ("overwrite", 0)):
        assert apigateway.import_documentation_parts(**api, body=b"{}", mode=mode)["ids"] == []
        assert len(parts(apigateway, api)) == left


def test_the_life_of_a_version(apigateway, api):
    """As recorded."""
    create(apigateway, api, type="API")
    made = apigateway.create_documentation_version(**api, documentationVersion="v123")
    assert status(made) == 201 and bare(made, "createdDate") == {"version": "v123"}
    place = {**api, "documentationVersion": "v123"}
    updated = apigateway.update_documentation_version(
        **place, patchOperations=[patch("replace", "/description", "doc version new")]
    )
    wanted = {**bare(made), "description": "doc version new"}
    assert bare(updated) == bare(apigateway.get_documentation_version(**place)) == wanted
    assert apigateway.get_documentation_versions(**api)["items"] == [wanted]
    again = refusal(apigateway.create_documentation_version, **place)
    assert again[:2] == (409, "ConflictException")
    assert status(apigateway.delete_documentation_version(**place)) == 202
    assert refusal(apigateway.get_documentation_version, **place) == VERSION_MISSING
    assert refusal(apigateway.delete_documentation_version, **place) == VERSION_MISSING
    assert apigateway.get_documentation_versions(**api)["items"] == []


def test_versions_are_listed_by_page(apigateway, api):
    for name in ("c", "a", "b/b"):
        apigateway.create_documentation_version(**api, documentationVersion=name, description="d")
    for size in (1, 2, 3):
        found = plans.everything(apigateway, "get_documentation_versions", size, **api)
        assert [version["version"] for version in found] == ["a", "b/b", "c"]


def test_patches_of_a_version(apigateway, api):
    place = {**api, "documentationVersion": "1"}
    apigateway.create_documentation_version(**place, description="d")
    for operation, text in [
        (patch("add", "/description", "x"), "Invalid patch operation specified. Must be one of: [replace]"),
        (patch("remove", "/description"), "Invalid patch operation specified. Must be one of: [replace]"),
        (patch("replace", "/version", "x"), "Invalid patch path /version"),
    ]:
        assert refusal(apigateway.update_documentation_version, **place, patchOperations=[operation]) == bad_request(text)
    cleared = apigateway.update_documentation_version(**place, patchOperations=[patch("replace", "/description", "")])
    assert "description" not in cleared


def test_what_is_no_version(apigateway, api):
    for name in ("", " ", "v" * 257):
        answer = refusal(apigateway.create_documentation_version, **api, documentationVersion=name)
        assert answer[:2] == (400, "BadRequestException")
    wrong = {"restApiId": "api_id"}
    assert refusal(apigateway.create_documentation_version, **wrong, documentationVersion="1") == API_MISSING
    assert refusal(apigateway.get_documentation_versions, **wrong) == API_MISSING


def test_a_stage_shows_the_version_it_stands_for(apigateway):
    api = {"restApiId": plans.api_with_stages(apigateway, "dev")}
    stage = {**api, "stageName": "dev"}
    apigateway.create_documentation_version(**api, documentationVersion="1", stageName="dev")
    assert apigateway.get_stage(**stage)["documentationVersion"] == "1"
    unknown = refusal(apigateway.create_documentation_version, **api, documentationVersion="2", stageName="none")
    assert unknown == not_found("Invalid stage identifier specified")
    assert refusal(apigateway.get_documentation_version, **api, documentationVersion="2") == VERSION_MISSING
    apigateway.create_documentation_version(**api, documentationVersion="2")
    moved = apigateway.update_stage(**stage, patchOperations=[patch("replace", "/documentationVersion", "2")])
    assert moved["documentationVersion"] == "2"
    unknown = refusal(apigateway.update_stage, **stage, patchOperations=[patch("replace", "/documentationVersion", "3")])
    assert unknown == bad_request("Invalid Documentation version specified")
    apigateway.delete_documentation_version(**api, documentationVersion="1")
    in_use = refusal(apigateway.delete_documentation_version, **api, documentationVersion="2")
    assert in_use[:2] == (409, "ConflictException")
    apigateway.update_stage(**stage, patchOperations=[patch("replace", "/documentationVersion", "")])
    apigateway.delete_documentation_version(**api, documentationVersion="2")


def test_a_stage_is_made_with_a_version(apigateway):
    """The stage of a recorded case, whose version comes before it."""
    api_id = plans.api_with_stages(apigateway)
    deployment = apigateway.create_deployment(restApiId=api_id)["id"]
    given = {"restApiId": api_id, "stageName": "s1", "deploymentId": deployment, "documentationVersion": "v123"}
    assert refusal(apigateway.create_stage, **given) == bad_request("Invalid Documentation version specified")
    apigateway.create_documentation_version(restApiId=api_id, documentationVersion="v123")
    made = apigateway.create_stage(**given, description="my stage")
    assert bare(made, "createdDate", "lastUpdatedDate") == {
        "stageName": "s1",
        "deploymentId": deployment,
        "description": "my stage",
        "documentationVersion": "v123",
        "cacheClusterEnabled": False,
        "cacheClusterStatus": "NOT_AVAILABLE",
        "methodSettings": {},
        "tracingEnabled": False,
    }
