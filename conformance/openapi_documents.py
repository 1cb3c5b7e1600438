"""Documents that the import and export tests share, written after what the recordings say that theirs held."""

import json

JSON = "application/json"
MOCK_200 = '{"statusCode": 200}'
SPLITTER = {"responses": {"default": {"statusCode": "200"}}}
CORS = {
    "Access-Control-Allow-Headers": "'Content-Type'",
    "Access-Control-Allow-Methods": "'OPTIONS,POST,GET'",
    "Access-Control-Allow-Origin": "'http://localhost:8080'",
}


def header(name):
    return f"method.response.header.{name}"


def http(uri, **members):
    return {"type": "HTTP", "httpMethod": "GET", "uri": uri, **SPLITTER, **members}


def proxy(function):
    target = f"arn:${{AWS::Partition}}:lambda:${{AWS::Region}}:${{AWS::AccountId}}:function:{function}"
    uri = f"arn:${{AWS::Partition}}:apigateway:${{AWS::Region}}:lambda:path/2015-03-31/functions/{target}/invocations"
    return {"type": "aws_proxy", "httpMethod": "POST", "uri": uri, "passthroughBehavior": "when_no_match", "responses": {}}


def cors_options(headers=CORS, **response):
    """An OPTIONS method that answers by itself."""
    answer = {"statusCode": "200", "responseParameters": {header(name): value for name, value in headers.items()}, **response}
    return {
        "responses": {"200": {"description": "Done", "headers": {name: {"type": "string"} for name in headers}}},
        "x-amazon-apigateway-integration": {
            "type": "mock",
            "requestTemplates": {JSON: MOCK_200},
            "responses": {"default": answer},
        },
    }


def swagger(title, paths, **members):
    return {"swagger": "2.0", "info": {"title": title, "version": "1.0"}, "paths": paths, **members}


def body(document):
    return json.dumps(document).encode()


PETS = {
    "openapi": "3.0.0",
    "info": {"title": "Simple PetStore", "version": "1.0.0"},
    "paths": {
        "/pets": {
            "get": {
                "responses": {"200": {"description": "200 response"}},
                "x-amazon-apigateway-integration": http("http://petstore.example.com/petstore/pets"),
            }
        },
        "/pets/{petId}": {
            "get": {
                "parameters": [{"name": "petId", "in": "path", "required": True, "schema": {"type": "string"}}],
                "responses": {"200": {"description": "200 response"}},
                "x-amazon-apigateway-integration": http(
                    "http://petstore.example.com/petstore/pets/{id}",
                    requestParameters={"integration.request.path.id": "method.request.path.petId"},
                ),
            }
        },
    },
    "x-amazon-apigateway-binary-media-types": ["image/png", "image/jpg"],
}
