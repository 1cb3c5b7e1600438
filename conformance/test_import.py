"""ImportRestApi and PutRestApi: recorded imports, modes, warnings, and that a refused one changes nothing."""

import json

import pytest

import rest_apis
from answers import bare
from openapi_documents import CORS, JSON, MOCK_200, PETS, body, cors_options, header, http, proxy, swagger
from refusals import bad_request, not_found, refusal
from server import ACCOUNT, REGION

INVALID = bad_request("Invalid OpenAPI input.")


@pytest.fixture
def put(apigateway):
    """An API of its own for each test, and a put over it: (id, answer)."""
    api_id, _ = rest_apis.create(apigateway, "put")

    def put(document, mode="overwrite", **parameters):
        arguments = {"parameters": parameters} if parameters else {}
        return api_id, apigateway.put_rest_api(restApiId=api_id, mode=mode, body=body(document), **arguments)

    return put


def paths(client, api_id):
    """Path to verbs."""
    return {found["path"]: sorted(found.get("resourceMethods", {})) for found in rest_apis.all_resources(client, api_id).values()}


def place(client, api_id, path, verb="GET"):
    (resource,) = [found for found in rest_apis.all_resources(client, api_id).values() if found["path"] == path]
    return {"restApiId": api_id, "resourceId": resource["id"], "httpMethod": verb}


def imported(client, document, **parameters):
    arguments = {"parameters": parameters} if parameters else {}
    return client.import_rest_api(body=body(document), **arguments)


def test_what_an_import_answers(apigateway):
    """Recorded."""
    document = swagger("An import", {}, **{"x-amazon-apigateway-binary-media-types": ["*/*"]})
    answer = imported(apigateway, document)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert bare(answer, "id", "rootResourceId", "createdDate") == {
        "name": "An import",
        "version": "1.0",
        "apiKeySource": "HEADER",
        "binaryMediaTypes": ["*/*"],
        "disableExecuteApiEndpoint": False,
        "endpointConfiguration": {"types": ["EDGE"], "ipAddressType": "ipv4"},
    }
    assert apigateway.get_models(restApiId=answer["id"])["items"] == []
    assert bare(apigateway.get_rest_api(restApiId=answer["id"]), "createdDate") == bare(answer, "createdDate")


def test_cors_by_mocks_beside_proxies(apigateway):
    """Recorded: a proxy integration has no responses, an OPTIONS mock has; a path's variable is declared by itself."""
    templates = {"responseTemplates": {JSON: "{}"}}
    document = swagger(
        "Shop",
        {
            "/product": {"get": {"x-amazon-apigateway-integration": proxy("GetProducts")}, "options": cors_options(**templates)},
            "/product/{product_id}": {
                "get": {"x-amazon-apigateway-integration": proxy("GetProduct")},
                "options": cors_options(**templates),
            },
        },
    )
    api_id = imported(apigateway, document)["id"]
    assert paths(apigateway, api_id) == {"/": [], "/product": ["GET", "OPTIONS"], "/product/{product_id}": ["GET", "OPTIONS"]}

    one = place(apigateway, api_id, "/product/{product_id}")
    function = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:GetProduct"
    integration = {
        "type": "AWS_PROXY",
        "httpMethod": "POST",
        "uri": f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{function}/invocations",
        "cacheKeyParameters": [],
        "cacheNamespace": one["resourceId"],
        "passthroughBehavior": "WHEN_NO_MATCH",
        "timeoutInMillis": 29000,
    }
    assert bare(apigateway.get_method(**one)) == {
        "httpMethod": "GET",
        "authorizationType": "NONE",
        "apiKeyRequired": False,
        "requestParameters": {"method.request.path.product_id": True},
        "methodIntegration": integration,
    }
    assert bare(apigateway.get_integration(**one)) == integration
    missing = not_found("Invalid Response status code specified")
    for operation in (apigateway.get_method_response, apigateway.get_integration_response):
        assert refusal(operation, **one, statusCode="200") == missing

    options = place(apigateway, api_id, "/product", "OPTIONS")
    response = {
        "statusCode": "200",
        "responseParameters": {header(name): value for name, value in CORS.items()},
        **templates,
    }
    assert bare(apigateway.get_integration_response(**options, statusCode="200")) == response
    method_response = {"statusCode": "200", "responseParameters": {header(name): False for name in CORS}}
    assert bare(apigateway.get_method_response(**options, statusCode="200")) == method_response
    assert bare(apigateway.get_method(**options)) == {
        "httpMethod": "OPTIONS",
        "authorizationType": "NONE",
        "apiKeyRequired": False,
        "methodResponses": {"200": method_response},
        "methodIntegration": {
            "type": "MOCK",
            "cacheKeyParameters": [],
            "cacheNamespace": options["resourceId"],
            "passthroughBehavior": "WHEN_NO_MATCH",
            "timeoutInMillis": 29000,
            "requestTemplates": {JSON: MOCK_200},
            "integrationResponses": {"200": response},
        },
    }


@pytest.mark.parametrize(
    "mode, expected",
    [
        ("ignore", ["/", "/test"]),
        ("prepend", ["/", "/base", "/base/test"]),
        ("split", ["/", "/test"]),
    ],
)
def test_base_path_of_swagger(apigateway, put, mode, expected):
    """Recorded: one segment stands for the stage under split; a document without a base path is the same in all modes."""
    document = swagger("Base", {"/test": {"get": cors_options(), "options": cors_options()}}, basePath="/base")
    document["info"]["version"] = 2
    api_id, answer = put(document, basepath=mode)
    assert (answer["ResponseMetadata"]["HTTPStatusCode"], answer["tags"], answer["version"]) == (200, {}, "2")
    assert sorted(paths(apigateway, api_id)) == expected
    assert paths(apigateway, api_id)[expected[-1]] == ["GET", "OPTIONS"]
    put(PETS, basepath=mode)
    assert paths(apigateway, api_id) == {"/": [], "/pets": ["GET"], "/pets/{petId}": ["GET"]}
    one = place(apigateway, api_id, "/pets/{petId}")
    assert bare(apigateway.get_integration(**one)) == {
        "type": "HTTP",
        "httpMethod": "GET",
        "uri": "http://petstore.example.com/petstore/pets/{id}",
        "cacheKeyParameters": [],
        "cacheNamespace": one["resourceId"],
        "connectionType": "INTERNET",
        "passthroughBehavior": "WHEN_NO_MATCH",
        "requestParameters": {"integration.request.path.id": "method.request.path.petId"},
        "timeoutInMillis": 29000,
        "integrationResponses": {"200": {"statusCode": "200"}},
    }


@pytest.mark.parametrize(
    "mode, expected",
    [
        ("ignore", ["/", "/e"]),
        ("prepend", ["/", "/a", "/a/b", "/a/b/c", "/a/b/c/e"]),
        ("split", ["/", "/b", "/b/c", "/b/c/e"]),
    ],
)
def test_base_path_of_openapi(apigateway, put, mode, expected):
    servers = [{"url": "https://example.com/{basePath}", "variables": {"basePath": {"default": "/a/b/c"}}}]
    document = {"openapi": "3.0.3", "info": {"title": "Base"}, "servers": servers, "paths": {"/e": {"get": {"responses": {}}}}}
    api_id, _ = put(document, basepath=mode)
    assert sorted(paths(apigateway, api_id)) == expected


def test_a_status_code_may_be_a_number(apigateway):
    """Recorded."""
    document = swagger(
        "Numbers",
        {
            "/test": {
                "get": {
                    "responses": {
                        200: {
                            "description": "Done",
                            "schema": {"$ref": "#/definitions/Empty"},
                            "headers": {"Access-Control-Allow-Origin": {"type": "string"}},
                        }
                    },
                    "x-amazon-apigateway-integration": {
                        "type": "mock",
                        "requestParameters": {"integration.request.header.X-Amz-Invocation-Type": "'Event'"},
                        "requestTemplates": {JSON: MOCK_200},
                        "passthroughBehavior": "when_no_match",
                        "responses": {
                            "default": {"statusCode": 200, "responseParameters": {header("Access-Control-Allow-Origin"): "'*'"}}
                        },
                    },
                }
            }
        },
        definitions={"Empty": {"type": "object"}},
    )
    api_id = imported(apigateway, document)["id"]
    get = bare(apigateway.get_method(**place(apigateway, api_id, "/test")))
    assert get["methodResponses"] == {
        "200": {
            "statusCode": "200",
            "responseModels": {JSON: "Empty"},
            "responseParameters": {header("Access-Control-Allow-Origin"): False},
        }
    }
    assert get["methodIntegration"]["integrationResponses"] == {
        "200": {"statusCode": "200", "responseParameters": {header("Access-Control-Allow-Origin"): "'*'"}}
    }


def test_passthrough_and_content_handling_of_an_aws_integration(apigateway):
    """Recorded, on the root: everything in lower case is taken."""
    function = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"
    uri = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{function}/invocations"
    template = "#set($inputRoot = $input.path('$'))\n{ }\n"
    document = swagger(
        "Root",
        {
            "/": {
                "get": {
                    "responses": {"200": {"description": "Done", "schema": {"$ref": "#/definitions/Empty"}}},
                    "x-amazon-apigateway-integration": {
                        "type": "aws",
                        "httpMethod": "POST",
                        "uri": uri,
                        "contentHandling": "CONVERT_TO_TEXT",
                        "passthroughBehavior": "when_no_templates",
                        "requestParameters": {"integration.request.header.X-Amz-Invocation-Type": "'Event'"},
                        "requestTemplates": {JSON: template},
                        "responses": {"default": {"statusCode": "200"}},
                    },
                },
                "options": cors_options({"Access-Control-Allow-Headers": "'Content-Type'"}),
            }
        },
        definitions={"Empty": {"type": "object"}},
    )
    api_id = imported(apigateway, document)["id"]
    root = place(apigateway, api_id, "/")
    assert bare(apigateway.get_integration(**root)) == {
        "type": "AWS",
        "httpMethod": "POST",
        "uri": uri,
        "cacheKeyParameters": [],
        "cacheNamespace": root["resourceId"],
        "contentHandling": "CONVERT_TO_TEXT",
        "passthroughBehavior": "WHEN_NO_TEMPLATES",
        "requestParameters": {"integration.request.header.X-Amz-Invocation-Type": "'Event'"},
        "requestTemplates": {JSON: template},
        "timeoutInMillis": 29000,
        "integrationResponses": {"200": {"statusCode": "200"}},
    }


def cognito_document():
    pool = f"arn:aws:cognito-idp:{REGION}:{ACCOUNT}:userpool/{REGION}_ABC123"
    scheme = {
        "type": "apiKey",
        "name": "TestHeaderAuth",
        "in": "header",
        "x-amazon-apigateway-authtype": "cognito_user_pools",
        "x-amazon-apigateway-authorizer": {"type": "cognito_user_pools", "providerARNs": [pool]},
    }

    def get(**members):
        answer = {"200": {"description": "Done"}}
        return {"get": {"responses": answer, "x-amazon-apigateway-integration": http("http://petstore.example.com"), **members}}

    return pool, swagger(
        "Example Pet Store",
        {
            "/pets": get(),
            "/default-no-scope": get(security=[{"one": []}]),
            "/default-scope-override": get(security=[{"one": ["openid"]}]),
            "/non-default-authorizer": get(security=[{"two": ["email", "openid"]}]),
            "/open": get(security=[]),
        },
        security=[{"one": ["email"]}],
        securityDefinitions={"one": scheme, "two": scheme},
    )


def test_security_of_the_root_and_of_methods(apigateway):
    """Recorded: the root's requirement, scopes included, is that of every method without one."""
    pool, document = cognito_document()
    api_id = imported(apigateway, document)["id"]

    def access(path):
        shown = apigateway.get_method(**place(apigateway, api_id, path))
        return shown["authorizationType"], shown.get("authorizerId"), shown.get("authorizationScopes")

    kind, one, scopes = access("/pets")
    assert (kind, scopes) == ("COGNITO_USER_POOLS", ["email"])
    assert access("/default-no-scope") == (kind, one, None)
    assert access("/default-scope-override") == (kind, one, ["openid"])
    _, two, scopes = access("/non-default-authorizer")
    assert (two != one, scopes) == (True, ["email", "openid"])
    assert access("/open") == ("NONE", None, None)
    authorizer = {
        "type": "COGNITO_USER_POOLS",
        "providerARNs": [pool],
        "authType": "cognito_user_pools",
        "identitySource": "method.request.header.TestHeaderAuth",
    }
    listed = {found["name"]: found for found in apigateway.get_authorizers(restApiId=api_id)["items"]}
    assert listed == {"one": {"id": one, "name": "one", **authorizer}, "two": {"id": two, "name": "two", **authorizer}}


def test_a_lambda_authorizer_of_the_root_is_that_of_every_method(apigateway, put):
    """Recorded, of OPTIONS too; an authorizer that cannot be made stops the import."""
    function = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:auth"
    uri = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{function}/invocations"
    extension = {"type": "token", "authorizerUri": uri, "authorizerResultTtlInSeconds": "60"}
    scheme = {"type": "apiKey", "name": "Auth", "in": "header", "x-amazon-apigateway-authtype": "custom"}
    document = swagger(
        "Authorized",
        {"/test": {"get": cors_options(), "options": cors_options()}},
        security=[{"auth": []}],
        securityDefinitions={"auth": {**scheme, "x-amazon-apigateway-authorizer": extension}},
    )
    api_id, _ = put(document)
    (authorizer,) = apigateway.get_authorizers(restApiId=api_id)["items"]
    assert bare(authorizer, "id") == {
        "name": "auth",
        "type": "TOKEN",
        "authType": "custom",
        "authorizerUri": uri,
        "authorizerResultTtlInSeconds": 60,
        "identitySource": "method.request.header.Auth",
    }
    for verb in ("GET", "OPTIONS"):
        method = apigateway.get_method(**place(apigateway, api_id, "/test", verb))
        assert (method["authorizationType"], method["authorizerId"]) == ("CUSTOM", authorizer["id"])
    for mode in ("merge", "overwrite"):
        put(document, mode=mode)
        assert apigateway.get_authorizers(restApiId=api_id)["items"] == [authorizer]
    extension["authorizerResultTtlInSeconds"] = 3601
    status, _, text = refusal(apigateway.put_rest_api, restApiId=api_id, body=body(document))
    assert (status, text.splitlines()[1].split(":")[0]) == (400, "\tUnable to create authorizer 'auth'")


def test_models_refer_to_each_other_by_address(apigateway):
    schemas = {
        "Pets": {"type": "array", "items": {"$ref": "#/components/schemas/Pet"}},
        "Pet": {"type": "object", "properties": {"parent": {"$ref": "#/components/schemas/Pet"}}},
    }
    document = {"openapi": "3.0.1", "info": {"title": "Models"}, "paths": {}, "components": {"schemas": schemas}}
    api_id = imported(apigateway, document)["id"]
    address = {"$ref": f"https://apigateway.amazonaws.com/restapis/{api_id}/models/Pet"}
    models = {model["name"]: model for model in apigateway.get_models(restApiId=api_id)["items"]}
    assert json.loads(models["Pets"]["schema"]) == {"type": "array", "items": address}
    assert json.loads(models["Pet"]["schema"]) == {"type": "object", "properties": {"parent": address}}
    assert {model["contentType"] for model in models.values()} == {JSON}


def test_yaml_is_read_too(apigateway, invoke):
    """An anchor is used twice; what was imported can be deployed and called."""
    text = """
    swagger: '2.0'
    info: {title: From YAML, version: '1.10'}
    paths:
      /a:
        get: &answer
          responses: {200: {description: Done}}
          x-amazon-apigateway-integration:
            type: mock
            requestTemplates: {application/json: '{"statusCode": 200}'}
            responses: {default: {statusCode: 200, responseTemplates: {application/json: hello}}}
        put: *answer
    """
    answer = apigateway.import_rest_api(body=text.encode())
    assert (answer["name"], answer["version"]) == ("From YAML", "1.10")
    api_id = answer["id"]
    assert paths(apigateway, api_id) == {"/": [], "/a": ["GET", "PUT"]}
    rest_apis.deploy(apigateway, api_id)
    answer = invoke(api_id, "dev", "/a", method="PUT")
    assert (answer.status, answer.body) == (200, b"hello")


def test_stage_variables_are_kept_and_resolved_in_traffic(apigateway, backend, invoke):
    """Recorded: `${stageVariables...}` is no AWS variable; without the variable the request fails, with it the backend is reached."""
    document = swagger(
        "Variables",
        {
            "/{proxy+}": {
                "post": {
                    "x-amazon-apigateway-integration": {
                        "type": "http_proxy",
                        "httpMethod": "ANY",
                        "uri": "http://${stageVariables.host}/{proxy}",
                        "requestParameters": {"integration.request.path.proxy": "method.request.path.proxy"},
                    }
                }
            }
        },
    )
    api_id = imported(apigateway, document)["id"]
    one = place(apigateway, api_id, "/{proxy+}", "POST")
    assert apigateway.get_integration(**one)["uri"] == "http://${stageVariables.host}/{proxy}"
    rest_apis.deploy(apigateway, api_id, variables={"host": backend.url.removeprefix("http://")})
    answer = invoke(api_id, "dev", "/test-path?key=value", method="POST")
    assert answer.status == 200
    assert (answer.json()["path"], answer.json()["query"]) == ("/test-path", "key=value")
    rest_apis.deploy(apigateway, api_id, stage="bare")
    answer = invoke(api_id, "bare", "/test-path", method="POST")
    assert (answer.status, answer.json()) == (500, {"message": "Internal server error"})


def test_endpoints_come_from_the_parameters(apigateway):
    api = imported(apigateway, PETS, endpointConfigurationTypes="REGIONAL")
    assert api["endpointConfiguration"] == {"types": ["REGIONAL"], "ipAddressType": "ipv4"}
    private = {"endpointConfigurationTypes": "PRIVATE", "endpointConfigurationVpcEndpointIds": "vpce-1,vpce-2"}
    api = imported(apigateway, PETS, **private)
    expected = {"types": ["PRIVATE"], "ipAddressType": "dualstack", "vpcEndpointIds": ["vpce-1", "vpce-2"]}
    assert api["endpointConfiguration"] == expected
    refused = refusal(apigateway.import_rest_api, body=body(PETS), parameters={"endpointConfigurationTypes": "GLOBAL"})
    assert refused[:2] == (400, "BadRequestException")


def test_merge_and_overwrite(apigateway, put):
    first = {"/a": {"get": {"responses": {"200": {}, "404": {}}}, "put": {"responses": {}}}, "/b": {"get": {"responses": {}}}}
    second = swagger("Second", {"/a": {"get": {"responses": {"200": {}}}}, "/c": {}})
    api_id, _ = put(swagger("First", first, **{"x-amazon-apigateway-minimum-compression-size": 10}))
    before = place(apigateway, api_id, "/a")["resourceId"]
    _, answer = put(second, mode="merge")
    assert (answer["name"], answer["minimumCompressionSize"]) == ("Second", 10)
    assert paths(apigateway, api_id) == {"/": [], "/a": ["GET", "PUT"], "/b": ["GET"], "/c": []}
    assert list(apigateway.get_method(**place(apigateway, api_id, "/a"))["methodResponses"]) == ["200"]
    _, answer = put(second)
    assert "minimumCompressionSize" not in answer
    assert paths(apigateway, api_id) == {"/": [], "/a": ["GET"], "/c": []}
    assert place(apigateway, api_id, "/a")["resourceId"] == before


def test_what_cannot_be_imported_changes_nothing(apigateway, put):
    api_id, _ = put(PETS)
    before = paths(apigateway, api_id)
    count = len(apigateway.get_rest_apis(limit=500)["items"])
    faults = swagger(
        "Faults",
        {
            "/a{b}": {},
            "/ok": {
                "get": {"parameters": [{"in": "query", "name": "a[0]"}]},
                "put": {"x-amazon-apigateway-integration": {"type": "http", "uri": "http://example.com"}},
                "post": {
                    "responses": {"200": {}},
                    "x-amazon-apigateway-integration": {
                        "type": "mock",
                        "responses": {"default": {"statusCode": "200", "responseParameters": {header("a"): "'a'"}}},
                    },
                },
            },
        },
    )
    mapping = "Invalid mapping expression specified: Validation Result: warnings : [], errors : "
    lines = [
        "Errors found during import:",
        "\tUnable to create resource at path '/a{b}': Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path "
        "variable and curly braces at the beginning and the end.",
        "\tUnable to put method 'GET' on resource at path '/ok': "
        f"{mapping}[Invalid mapping expression specified: method.request.querystring.a[0]]",
        "\tUnable to put integration on 'PUT' for resource at path '/ok': Enumeration value for HttpMethod must be non-empty",
        "\tUnable to put integration response on 'POST' for resource at path '/ok': "
        f"{mapping}[Invalid mapping expression parameter specified: {header('a')}]",
    ]
    expected = bad_request("\n".join(lines))
    assert refusal(apigateway.import_rest_api, body=body(faults)) == expected
    for mode in ("merge", "overwrite"):
        assert refusal(apigateway.put_rest_api, restApiId=api_id, mode=mode, body=body(faults)) == expected
    for text in (b"{", b'"text"', b"swagger: '1.2'", b"{}", b"a: ["):
        assert refusal(apigateway.import_rest_api, body=text) == INVALID
        assert refusal(apigateway.put_rest_api, restApiId=api_id, body=text) == INVALID
    assert paths(apigateway, api_id) == before
    assert len(apigateway.get_rest_apis(limit=500)["items"]) == count
    unknown = not_found(f"Invalid API identifier specified {ACCOUNT}:unknown")
    assert refusal(apigateway.put_rest_api, restApiId="unknown", body=body(PETS)) == unknown


def test_warnings(apigateway, put):
    reference = {"200": {"description": "Done", "schema": {"$ref": "#/definitions/Gone"}}}
    document = swagger("Warned", {"/a": {"get": {"responses": reference}}}, definitions={"Not_A_Name": {}})
    texts = ["Model name must be alphanumeric: Not_A_Name", "Reference to model 'Gone' not found. Ignoring."]
    answer = imported(apigateway, document)
    assert answer["warnings"] == texts
    assert "warnings" not in apigateway.get_rest_api(restApiId=answer["id"])
    api_id, answer = put(document)
    assert answer["warnings"] == texts
    lines = "".join(f"\n\t{text}" for text in texts)
    expected = bad_request(f"Warnings found during import:{lines}")
    assert refusal(apigateway.import_rest_api, body=body(document), failOnWarnings=True) == expected
    put(PETS)
    assert refusal(apigateway.put_rest_api, restApiId=api_id, failOnWarnings=True, body=body(document)) == expected
    assert "/pets" in paths(apigateway, api_id)


def test_settings_of_the_api(apigateway):
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}],
    }
    document = swagger(
        "Settings",
        {
            "/a": {"get": {"responses": {}}},
            "/b": {"get": {"responses": {}, "x-amazon-apigateway-request-validator": "all"}},
        },
        **{
            "x-amazon-apigateway-api-key-source": "AUTHORIZER",
            "x-amazon-apigateway-binary-media-types": ["image/png"],
            "x-amazon-apigateway-minimum-compression-size": 0,
            "x-amazon-apigateway-endpoint-configuration": {"disableExecuteApiEndpoint": True},
            "x-amazon-apigateway-policy": policy,
            "x-amazon-apigateway-request-validators": {
                "all": {"validateRequestBody": True, "validateRequestParameters": True},
                "none": {},
            },
            "x-amazon-apigateway-request-validator": "none",
            "x-amazon-apigateway-gateway-responses": {
                "THROTTLED": {"statusCode": 430, "responseTemplates": {JSON: "{}"}},
            },
        },
    )
    api = imported(apigateway, document)
    api_id = api["id"]
    shown = {name: api[name] for name in ("apiKeySource", "binaryMediaTypes", "minimumCompressionSize", "disableExecuteApiEndpoint")}
    assert shown == {
        "apiKeySource": "AUTHORIZER",
        "binaryMediaTypes": ["image/png"],
        "minimumCompressionSize": 0,
        "disableExecuteApiEndpoint": True,
    }
    stored = json.loads(json.loads(f'"{api["policy"]}"'))
    assert stored["Statement"][0]["Resource"] == f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api_id}/*"
    validators = {one["id"]: one for one in apigateway.get_request_validators(restApiId=api_id)["items"]}
    names = {}
    for path in ("/a", "/b"):
        method = apigateway.get_method(**place(apigateway, api_id, path))
        names[path] = validators[method["requestValidatorId"]]["name"]
    assert names == {"/a": "none", "/b": "all"}
    throttled = bare(apigateway.get_gateway_response(restApiId=api_id, responseType="THROTTLED"))
    assert throttled == {
        "responseType": "THROTTLED",
        "defaultResponse": False,
        "statusCode": "430",
        "responseParameters": {},
        "responseTemplates": {JSON: "{}"},
    }


def test_documentation_parts(apigateway):
    """Recorded: parts come with an import, their paths filled in; importing only them makes new ones under overwrite."""
    parts = [
        ({"type": "API"}, {"description": "API description", "info": {"description": "info", "version": "3"}}),
        ({"type": "METHOD", "method": "GET"}, {"description": "Method description."}),
        ({"type": "MODEL", "name": "Pet"}, {"title": "Pet Schema"}),
        ({"type": "RESPONSE", "method": "GET", "statusCode": "200"}, {"description": "200 response"}),
    ]
    listed = [{"location": location, "properties": properties} for location, properties in parts]
    document = {
        "openapi": "3.0.0",
        "info": {"title": "Documented"},
        "paths": {},
        "x-amazon-apigateway-documentation": {"documentationParts": listed},
    }
    api_id = imported(apigateway, document)["id"]

    def stored():
        items = apigateway.get_documentation_parts(restApiId=api_id)["items"]
        ids = {part["id"] for part in items}
        return ids, sorted((json.dumps(part["location"], sort_keys=True), json.loads(part["properties"])["description" if "description" in part["properties"] else "title"]) for part in items)

    first, shown = stored()
    assert shown == sorted(
        [
            (json.dumps({"type": "API"}), "API description"),
            (json.dumps({"method": "GET", "path": "/", "type": "METHOD"}), "Method description."),
            (json.dumps({"name": "Pet", "type": "MODEL"}), "Pet Schema"),
            (json.dumps({"method": "GET", "path": "/", "statusCode": "200", "type": "RESPONSE"}), "200 response"),
        ]
    )
    answer = apigateway.import_documentation_parts(restApiId=api_id, mode="overwrite", body=body(document))
    second, again = stored()
    assert (set(answer["ids"]), again) == (second, shown)
    assert not first & second
    ignored = imported(apigateway, document, ignore="documentation")["id"]
    assert apigateway.get_documentation_parts(restApiId=ignored)["items"] == []
