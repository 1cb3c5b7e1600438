"""The export of a small shop with models, CORS and a page of its own, as the service was seen to write one."""

import copy
import json

import pytest

import rest_apis
from answers import bare
from server import REGION

JSON = "application/json"
ORIGIN = "Access-Control-Allow-Origin"
BACKEND = "http://shop.example.com/items"
PAGE = "<html>\n  <a href=\"/$context.stage/items\">all</a>\n</html>"


def string(name, place, **members):
    return {"name": name, "in": place, **members, "schema": {"type": "string"}}


def answer(model, *headers):
    content = {JSON: {"schema": {"$ref": f"#/components/schemas/{model}"}}} if model else {}
    fields = {name: {"schema": {"type": "string"}} for name in headers}
    return {"200": {"description": "200 response", "headers": fields, "content": content}}


def integration(kind, headers, templates=None, **members):
    default = {"statusCode": "200", "responseParameters": {f"method.response.header.{n}": f"'{v}'" for n, v in headers.items()}}
    default |= {"responseTemplates": templates} if templates else {}
    made = {"type": kind, "responses": {"default": default}, "passthroughBehavior": "when_no_match", **members}
    return {"x-amazon-apigateway-integration": made}


def http(verb, uri, **mappings):
    parameters = {f"integration.request.{place}.{name}": f"method.request.{place}.{name}" for name, place in mappings.items()}
    mapped = {"requestParameters": parameters} if parameters else {}
    return integration("http", {ORIGIN: "*"}, httpMethod=verb, uri=uri, **mapped)


def preflight(verbs, **members):
    headers = {"Access-Control-Allow-Methods": verbs, "Access-Control-Allow-Headers": "Content-Type", ORIGIN: "*"}
    made = integration("mock", headers, requestTemplates={JSON: '{"statusCode": 200}'})
    return {**members, "responses": answer("Empty", *headers), **made}


ITEM_ID = string("itemId", "path", required=True)
SHOP = {
    "openapi": "3.0.1",
    "info": {"title": "Shop", "description": "What we sell."},
    "paths": {
        "/items": {
            "get": {
                "parameters": [string("type", "query"), string("page", "query")],
                "responses": answer("Items", ORIGIN),
                **http("GET", BACKEND, page="querystring", type="querystring"),
            },
            "post": {
                "operationId": "CreateItem",
                "requestBody": {"content": {JSON: {"schema": {"$ref": "#/components/schemas/Item"}}}, "required": True},
                "responses": answer("Item", ORIGIN),
                **http("POST", BACKEND),
            },
            "options": preflight("POST,GET,OPTIONS"),
        },
        "/items/{itemId}": {
            "get": {
                "operationId": "GetItem",
                "parameters": [ITEM_ID],
                "responses": answer("Item", ORIGIN),
                **http("GET", BACKEND + "/{itemId}", itemId="path"),
            },
            "options": preflight("GET,OPTIONS", parameters=[ITEM_ID]),
        },
        "/": {
            "get": {
                "responses": answer(None, "Content-Type"),
                **integration(
                    "mock", {"Content-Type": "text/html"}, {"text/html": PAGE}, requestTemplates={JSON: '{"statusCode": 200}'}
                ),
            }
        },
    },
    "components": {
        "schemas": {
            "Empty": {"type": "object"},
            "Item": {"type": "object", "properties": {"id": {"type": "integer"}, "kind": {"$ref": "#/components/schemas/Kind"}}},
            "Items": {"type": "array", "items": {"$ref": "#/components/schemas/Item"}},
            "Kind": {"type": "string", "enum": ["old", "new"]},
        }
    },
}


def without_extensions(document):
    if isinstance(document, dict):
        return {name: without_extensions(value) for name, value in document.items() if not name.startswith("x-amazon-")}
    return [without_extensions(value) for value in document] if isinstance(document, list) else document


def in_any_order(document):
    """A copy whose parameters, which have no order of their own, are sorted."""
    made = copy.deepcopy(document)
    for methods in made["paths"].values():
        for method in methods.values():
            if "parameters" in method:
                method["parameters"].sort(key=lambda parameter: parameter["name"])
    return made


@pytest.fixture(scope="module")
def api(apigateway):
    """The shop, imported and deployed."""
    made = apigateway.import_rest_api(body=json.dumps(SHOP).encode())
    rest_apis.deploy(apigateway, made["id"], stage="local")
    return made


def test_the_import(api):
    assert bare(api, "id", "rootResourceId", "createdDate") == {
        "name": "Shop",
        "description": "What we sell.",
        "apiKeySource": "HEADER",
        "disableExecuteApiEndpoint": False,
        "endpointConfiguration": {"types": ["EDGE"], "ipAddressType": "ipv4"},
    }


@pytest.mark.parametrize(("parameters", "document"), [({}, without_extensions(SHOP)), ({"extensions": "apigateway"}, SHOP)])
def test_the_export(apigateway, api, parameters, document):
    """What has its default value is not there: required, timeoutInMillis, a MOCK's verb, a cache's key."""
    export = apigateway.get_export(restApiId=api["id"], stageName="local", exportType="oas30", parameters=parameters)
    assert export["contentType"] == "application/octet-stream"
    exported = json.loads(export["body"].read())
    url = f"https://{api['id']}.execute-api.{REGION}.amazonaws.com/{{basePath}}"
    assert exported.pop("servers") == [{"url": url, "variables": {"basePath": {"default": "local"}}}]
    version = exported["info"].pop("version")
    assert export["contentDisposition"] == f'attachment; filename="oas30_{version}.json"'
    assert in_any_order(exported) == in_any_order(document)
