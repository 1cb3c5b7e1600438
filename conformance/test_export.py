"""GetExport: recorded exports of both kinds, its headers, and that an export put back is exported the same."""

import json
import pathlib

import pytest

import rest_apis
from openapi_documents import PETS, body
from refusals import bad_request, not_found, refusal
from server import REGION
from test_import import cognito_document

URI = "http://petstore.example.com/petstore/pets"
BINARY = {"x-amazon-apigateway-binary-media-types": ["image/png", "image/jpg"]}


@pytest.fixture
def deployed(apigateway):
    def deploy(document):
        api_id = apigateway.import_rest_api(body=body(document))["id"]
        rest_apis.deploy(apigateway, api_id, stage="local")
        return api_id

    return deploy


@pytest.fixture
def export(apigateway):
    def export(api_id, kind, accepts="application/json", **parameters):
        place = {"restApiId": api_id, "stageName": "local", "exportType": kind}
        return apigateway.get_export(**place, accepts=accepts, parameters=parameters)

    return export


def integration(path="", **members):
    return {
        "x-amazon-apigateway-integration": {
            "type": "http",
            "httpMethod": "GET",
            "uri": URI + path,
            "responses": {"default": {"statusCode": "200"}},
            "passthroughBehavior": "when_no_match",
            **members,
        }
    }


MAPPED = {"requestParameters": {"integration.request.path.id": "method.request.path.petId"}}


def test_openapi_as_recorded(deployed, export):
    api_id = deployed(PETS)
    answer = export(api_id, "oas30")
    assert (answer["contentType"], answer["contentDisposition"]) == (
        "application/octet-stream",
        'attachment; filename="oas30_1.0.0.json"',
    )
    response = {"responses": {"200": {"description": "200 response", "content": {}}}}
    parameter = {"parameters": [{"name": "petId", "in": "path", "required": True, "schema": {"type": "string"}}]}
    expected = {
        "openapi": "3.0.1",
        "info": {"title": "Simple PetStore", "version": "1.0.0"},
        "servers": [
            {
                "url": f"https://{api_id}.execute-api.{REGION}.amazonaws.com/{{basePath}}",
                "variables": {"basePath": {"default": "local"}},
            }
        ],
        "paths": {"/pets": {"get": response}, "/pets/{petId}": {"get": {**parameter, **response}}},
        "components": {},
    }
    assert json.loads(answer["body"].read()) == expected
    expected["paths"]["/pets"]["get"] = {**response, **integration()}
    expected["paths"]["/pets/{petId}"]["get"] |= integration("/{id}", **MAPPED)
    assert json.loads(export(api_id, "oas30", extensions="integrations")["body"].read()) == expected
    assert json.loads(export(api_id, "oas30", extensions="apigateway")["body"].read()) == {**expected, **BINARY}


def test_swagger_as_recorded(deployed, export):
    api_id = deployed(PETS)
    answer = export(api_id, "swagger")
    assert answer["contentDisposition"] == 'attachment; filename="swagger_1.0.0.json"'
    response = {"responses": {"200": {"description": "200 response"}}}
    parameter = {"parameters": [{"name": "petId", "in": "path", "required": True, "type": "string"}]}
    expected = {
        "swagger": "2.0",
        "info": {"version": "1.0.0", "title": "Simple PetStore"},
        "host": f"{api_id}.execute-api.{REGION}.amazonaws.com",
        "basePath": "/local",
        "schemes": ["https"],
        "paths": {"/pets": {"get": response}, "/pets/{petId}": {"get": {**parameter, **response}}},
    }
    assert json.loads(answer["body"].read()) == expected
    expected["paths"]["/pets"]["get"] = {**response, **integration()}
    expected["paths"]["/pets/{petId}"]["get"] |= integration("/{id}", **MAPPED)
    assert json.loads(export(api_id, "swagger", extensions="apigateway")["body"].read()) == {**expected, **BINARY}


def test_the_pet_store_as_recorded(deployed, export):
    """Bodies, headers, models that refer to each other, and a mock that answers by itself."""
    corpus = pathlib.Path(__file__).parent.parent / "crates/control-plane/tests/openapi/petstore.swagger.json"
    api_id = deployed(json.loads(corpus.read_text()))
    document = json.loads(export(api_id, "oas30", extensions="integrations")["body"].read())
    post = document["paths"]["/pets"]["post"]
    assert (post["operationId"], post["requestBody"]) == (
        "CreatePet",
        {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/NewPet"}}}, "required": True},
    )
    get = document["paths"]["/pets"]["get"]
    assert get["parameters"] == [
        {"name": "type", "in": "query", "schema": {"type": "string"}},
        {"name": "page", "in": "query", "schema": {"type": "string"}},
    ]
    assert get["responses"] == {
        "200": {
            "description": "200 response",
            "headers": {"Access-Control-Allow-Origin": {"schema": {"type": "string"}}},
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pets"}}},
        }
    }
    assert document["paths"]["/"]["get"]["responses"]["200"]["content"] == {}
    mock = document["paths"]["/pets"]["options"]["x-amazon-apigateway-integration"]
    assert (mock["type"], mock["requestTemplates"], mock["passthroughBehavior"]) == (
        "mock",
        {"application/json": '{"statusCode": 200}'},
        "when_no_match",
    )
    assert document["components"]["schemas"]["Pets"] == {"type": "array", "items": {"$ref": "#/components/schemas/Pet"}}


def test_an_api_without_a_version_has_the_time_of_its_deployment(deployed, export):
    """Recorded, in the document and in the name of the file."""
    api_id = deployed({**PETS, "info": {"title": "t"}})
    answer = export(api_id, "oas30")
    version = json.loads(answer["body"].read())["info"]["version"]
    assert len(version) == len("2015-08-30T12:36:00Z") and version.endswith("Z")
    assert answer["contentDisposition"] == f'attachment; filename="oas30_{version}.json"'


@pytest.mark.parametrize("kind", ["swagger", "oas30"])
@pytest.mark.parametrize("accepts", ["application/json", "application/yaml"])
def test_an_export_put_back_is_exported_the_same(apigateway, deployed, export, kind, accepts):
    for document in (PETS, cognito_document()[1]):
        api_id = deployed(document)
        first = export(api_id, kind, accepts, extensions="apigateway")["body"].read()
        answer = apigateway.put_rest_api(restApiId=api_id, mode="overwrite", failOnWarnings=True, body=first)
        assert "warnings" not in answer
        rest_apis.deploy(apigateway, api_id, stage="local")
        assert export(api_id, kind, accepts, extensions="apigateway")["body"].read() == first


def test_security(deployed, export):
    pool, document = cognito_document()
    api_id = deployed(document)
    plain = json.loads(export(api_id, "swagger")["body"].read())
    scheme = {"type": "apiKey", "name": "TestHeaderAuth", "in": "header"}
    assert plain["securityDefinitions"] == {"one": scheme, "two": scheme}
    assert plain["paths"]["/default-scope-override"]["get"]["security"] == [{"one": ["openid"]}]
    assert "security" not in plain["paths"]["/open"]["get"]
    with_authorizers = json.loads(export(api_id, "oas30", extensions="authorizers")["body"].read())
    assert with_authorizers["components"]["securitySchemes"]["two"] == {
        **scheme,
        "x-amazon-apigateway-authtype": "cognito_user_pools",
        "x-amazon-apigateway-authorizer": {"type": "cognito_user_pools", "providerARNs": [pool]},
    }


def test_what_is_exported_is_what_was_deployed(apigateway, deployed, export):
    api_id = deployed(PETS)
    apigateway.put_rest_api(restApiId=api_id, mode="overwrite", body=body({**PETS, "paths": {}}))
    assert list(json.loads(export(api_id, "oas30")["body"].read())["paths"]) == ["/pets", "/pets/{petId}"]


def test_refusals(apigateway, deployed):
    place = {"restApiId": deployed(PETS), "stageName": "local", "exportType": "oas30"}
    assert refusal(apigateway.get_export, **{**place, "stageName": "gone"}) == not_found("Invalid stage identifier specified")
    assert refusal(apigateway.get_export, **{**place, "restApiId": "gone"})[:2] == (404, "NotFoundException")
    for change in ({"exportType": "raml"}, {"parameters": {"extensions": "other"}}):
        assert refusal(apigateway.get_export, **{**place, **change})[:2] == (400, "BadRequestException")


def test_models_that_are_no_json(apigateway):
    api_id, root_id = rest_apis.create(apigateway)
    rest_apis.add_mock_method(apigateway, api_id, root_id, "{}", method="POST")
    apigateway.create_model(restApiId=api_id, name="Xml", contentType="application/xml", schema='{"type": "object"}')
    change = [{"op": "add", "path": "/requestModels/application~1xml", "value": "Xml"}]
    apigateway.update_method(restApiId=api_id, resourceId=root_id, httpMethod="POST", patchOperations=change)
    rest_apis.deploy(apigateway, api_id, stage="local")
    refused = refusal(apigateway.get_export, restApiId=api_id, stageName="local", exportType="swagger")
    assert refused == bad_request("Only found non-JSON body models for POST /")
