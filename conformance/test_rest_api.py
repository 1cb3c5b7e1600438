"""RestApi: defaults, echo rules, every PATCH path, texts."""

import json

import pytest

import rest_apis
from refusals import bad_request, not_found, refusal
from server import ACCOUNT, REGION

COMPRESSION = "Invalid minimum compression size, must be between 0 and 10485760"
ONLY_REPLACE = "Invalid patch operation specified. Must be one of: [replace]"
POLICY = "Invalid policy document. Please check the policy syntax and ensure that Principals are valid."
DUALSTACK_ONLY = "Only dualstack ipAddressType is supported for Private APIs."
VPC_ENDPOINTS = "VPCEndpoints can only be specified with PRIVATE apis."
EDGE = {"types": ["EDGE"], "ipAddressType": "ipv4"}
PRIVATE = {"types": ["PRIVATE"], "ipAddressType": "dualstack"}
ENHANCED = "SecurityPolicy_TLS13_1_3_2025_09"


def unknown_api(api_id):
    return not_found(f"Invalid API identifier specified {ACCOUNT}:{api_id}")


def without(answer, *names):
    return {name: value for name, value in answer.items() if name not in ("ResponseMetadata", *names)}


def patch(op, path, value=None):
    return {"op": op, "path": path} | ({} if value is None else {"value": value})


@pytest.fixture
def update(apigateway):
    """Makes an API, patches it, and returns its id and the answer."""

    def create_and_update(*operations, **created):
        api_id = apigateway.create_rest_api(name="patched", **created)["id"]
        return api_id, apigateway.update_rest_api(restApiId=api_id, patchOperations=list(operations))

    return create_and_update


@pytest.fixture
def update_refusal(apigateway):
    """Makes an API, and returns the refusal of a patch, which must have changed nothing."""

    def create_and_refuse(*operations, **created):
        api_id = apigateway.create_rest_api(name="patched", **created)["id"]
        before = without(apigateway.get_rest_api(restApiId=api_id))
        refused = refusal(apigateway.update_rest_api, restApiId=api_id, patchOperations=list(operations))
        assert without(apigateway.get_rest_api(restApiId=api_id)) == before
        return refused

    return create_and_refuse


class TestCreate:
    @pytest.mark.parametrize(
        ("given", "endpoint"),
        [
            ({}, EDGE),
            ({"endpointConfiguration": {}}, EDGE),
            ({"endpointConfiguration": {"types": ["EDGE"]}}, EDGE),
            ({"endpointConfiguration": {"types": ["REGIONAL"]}}, {"types": ["REGIONAL"], "ipAddressType": "ipv4"}),
            ({"endpointConfiguration": {"types": ["PRIVATE"]}}, PRIVATE),
        ],
    )
    def test_defaults(self, apigateway, given, endpoint):
        api = apigateway.create_rest_api(name="defaults", **given)
        assert len(api["id"]) == 10 and len(api["rootResourceId"]) == 10
        assert without(api, "id", "rootResourceId", "createdDate") == {
            "name": "defaults",
            "apiKeySource": "HEADER",
            "disableExecuteApiEndpoint": False,
            "endpointConfiguration": endpoint,
        }
        assert without(apigateway.get_rest_api(restApiId=api["id"])) == without(api)

    def test_everything(self, apigateway):
        given = {
            "name": "everything",
            "description": "this is my api",
            "version": "v3",
            "apiKeySource": "AUTHORIZER",
            "binaryMediaTypes": ["image/png", "*/*"],
            "minimumCompressionSize": 0,
            "disableExecuteApiEndpoint": True,
            "endpointConfiguration": PRIVATE | {"vpcEndpointIds": ["vpce-1", "vpce-2"]},
            "securityPolicy": ENHANCED,
            "endpointAccessMode": "BASIC",
            "tags": {"MY_TAG1": "MY_VALUE1"},
        }
        api = apigateway.create_rest_api(**given)
        assert without(api, "id", "rootResourceId", "createdDate") == given
        assert without(apigateway.get_rest_api(restApiId=api["id"])) == without(api)
        listed = {one["id"]: one for one in all_apis(apigateway)}
        assert listed[api["id"]] == without(api)

    def test_root_and_default_models(self, apigateway):
        api = apigateway.create_rest_api(name="models")
        resources = apigateway.get_resources(restApiId=api["id"])["items"]
        assert resources == [{"id": api["rootResourceId"], "path": "/"}]
        models = {model["name"]: model for model in apigateway.get_models(restApiId=api["id"])["items"]}
        assert models.keys() == {"Empty", "Error"}
        assert models["Empty"]["description"] == "This is a default empty schema model"
        assert models["Error"]["description"] == "This is a default error schema model"
        assert {model["contentType"] for model in models.values()} == {"application/json"}
        draft = "http://json-schema.org/draft-04/schema#"
        assert json.loads(models["Empty"]["schema"]) == {"$schema": draft, "title": "Empty Schema", "type": "object"}
        assert json.loads(models["Error"]["schema"]) == {
            "$schema": draft,
            "title": "Error Schema",
            "type": "object",
            "properties": {"message": {"type": "string"}},
        }

    @pytest.mark.parametrize(
        ("given", "refused"),
        [
            ({"name": ""}, bad_request("API name cannot be empty")),
            ({"name": "  "}, bad_request("API name cannot be empty")),
            ({"description": ""}, bad_request("Description cannot be an empty string")),
            ({"minimumCompressionSize": -1}, bad_request(COMPRESSION)),
            ({"minimumCompressionSize": 10485761}, bad_request(COMPRESSION)),
            ({"policy": "{"}, bad_request(POLICY)),
            (
                {"endpointConfiguration": {"types": []}},
                bad_request("REGIONAL Configuration and EDGE Configuration cannot be both DISABLED."),
            ),
            (
                {"endpointConfiguration": {"types": ["EDGE", "REGIONAL"]}},
                bad_request("Cannot create an api with multiple Endpoint Types."),
            ),
            ({"endpointConfiguration": {"types": ["PRIVATE"], "ipAddressType": "ipv4"}}, bad_request(DUALSTACK_ONLY)),
            ({"endpointConfiguration": {"types": ["EDGE"], "vpcEndpointIds": ["vpce-1"]}}, bad_request(VPC_ENDPOINTS)),
            (
                {"endpointConfiguration": {"types": ["wrong"]}},
                (
                    400,
                    "ValidationException",
                    "1 validation error detected: Value '[wrong]' at 'createRestApiInput.endpointConfiguration.types' failed to"
                    " satisfy constraint: Member must satisfy constraint: [Member must satisfy enum value set: [PRIVATE, EDGE,"
                    " REGIONAL]]",
                ),
            ),
            ({"cloneFrom": "abcdefghij"}, bad_request("Invalid REST API identifier specified")),
            ({"endpointAccessMode": "BASIC"}, None),
            ({"securityPolicy": ENHANCED, "endpointAccessMode": "BASIC"}, None),
            ({"endpointConfiguration": {"types": ["REGIONAL"]}, "securityPolicy": ENHANCED}, None),
            ({"tags": {"aws:mine": "x"}}, None),
        ],
    )
    def test_refusals(self, apigateway, given, refused):
        before = len(list(all_apis(apigateway)))
        answered = refusal(apigateway.create_rest_api, **{"name": "refused", **given})
        assert answered == refused if refused else answered[:2] == (400, "BadRequestException")
        assert len(list(all_apis(apigateway))) == before


class TestGet:
    def test_ids_are_case_sensitive(self, apigateway):
        api_id = apigateway.create_rest_api(name="case", description="lower case api")["id"]
        upper = api_id.upper()
        assert upper != api_id
        assert refusal(apigateway.get_rest_api, restApiId=upper) == unknown_api(upper)

    @pytest.mark.parametrize("operation", ["get_rest_api", "delete_rest_api", "update_rest_api"])
    def test_unknown(self, apigateway, operation):
        call = getattr(apigateway, operation)
        # An empty list of operations is no reason not to look.
        more = {"patchOperations": []} if operation == "update_rest_api" else {}
        assert refusal(call, restApiId="fake-api-id", **more) == unknown_api("fake-api-id")

    def test_another_region_has_its_own_apis(self, apigateway, server):
        api_id = apigateway.create_rest_api(name="here")["id"]
        elsewhere = server.client("apigateway", region="eu-west-1")
        assert refusal(elsewhere.get_rest_api, restApiId=api_id) == unknown_api(api_id)
        assert api_id not in {api["id"] for api in all_apis(elsewhere)}
        refused = refusal(elsewhere.create_rest_api, name="copy", cloneFrom=api_id)
        assert refused == bad_request("Invalid REST API identifier specified")


class TestList:
    def test_pages(self, fresh_server):
        client = fresh_server().client()
        assert without(client.get_rest_apis()) == {"items": []}
        made = {client.create_rest_api(name="same name")["id"] for _ in range(5)}
        first = client.get_rest_apis(limit=2)
        second = client.get_rest_apis(limit=2, position=first["position"])
        third = client.get_rest_apis(limit=2, position=second["position"])
        assert "position" not in third
        pages = [page["items"] for page in (first, second, third)]
        assert [len(page) for page in pages] == [2, 2, 1]
        assert {api["id"] for page in pages for api in page} == made
        assert "position" not in client.get_rest_apis(limit=5)
        assert len(client.get_rest_apis(limit=1000)["items"]) == 5

    def test_foreign_position(self, apigateway):
        assert refusal(apigateway.get_rest_apis, position="no position")[:2] == (400, "BadRequestException")


class TestUpdate:
    CREATED = {
        "description": "old",
        "version": "1",
        "binaryMediaTypes": ["image/png", "image/jpeg"],
        "minimumCompressionSize": 10,
    }

    @pytest.mark.parametrize(
        ("operation", "member", "value"),
        [
            (patch("replace", "/name", "new"), "name", "new"),
            (patch("add", "/description", "new"), "description", "new"),
            (patch("replace", "/description", "new"), "description", "new"),
            (patch("replace", "/description", ""), "description", None),
            (patch("remove", "/description"), "description", None),
            (patch("replace", "/version", "2"), "version", "2"),
            (patch("replace", "/version", ""), "version", None),
            (patch("replace", "/apiKeySource", "AUTHORIZER"), "apiKeySource", "AUTHORIZER"),
            (patch("replace", "/disableExecuteApiEndpoint", "true"), "disableExecuteApiEndpoint", True),
            (patch("replace", "/disableExecuteApiEndpoint", "no"), "disableExecuteApiEndpoint", False),
            (patch("replace", "/minimumCompressionSize", "0"), "minimumCompressionSize", 0),
            (patch("replace", "/minimumCompressionSize", "10485760"), "minimumCompressionSize", 10485760),
            (patch("replace", "/minimumCompressionSize", ""), "minimumCompressionSize", None),
            (patch("replace", "/minimumCompressionSize"), "minimumCompressionSize", None),
            (patch("add", "/binaryMediaTypes/a~1b"), "binaryMediaTypes", ["image/png", "image/jpeg", "a/b"]),
            (patch("add", "/binaryMediaTypes/image~1png"), "binaryMediaTypes", ["image/png", "image/jpeg"]),
            (patch("replace", "/binaryMediaTypes/image~1png", "image/gif"), "binaryMediaTypes", ["image/jpeg", "image/gif"]),
            (patch("remove", "/binaryMediaTypes/image~1png"), "binaryMediaTypes", ["image/jpeg"]),
            (
                patch("replace", "/endpointConfiguration/types/0", "REGIONAL"),
                "endpointConfiguration",
                {"types": ["REGIONAL"], "ipAddressType": "ipv4"},
            ),
            (
                patch("replace", "/endpointConfiguration/types/EDGE", "REGIONAL"),
                "endpointConfiguration",
                {"types": ["REGIONAL"], "ipAddressType": "ipv4"},
            ),
            (patch("replace", "/endpointConfiguration/types/0", "PRIVATE"), "endpointConfiguration", PRIVATE),
            (
                patch("replace", "/endpointConfiguration/ipAddressType", "dualstack"),
                "endpointConfiguration",
                {"types": ["EDGE"], "ipAddressType": "dualstack"},
            ),
            (patch("replace", "/securityPolicy", "TLS_1_0"), "securityPolicy", "TLS_1_0"),
            (patch("replace", "/securityPolicy", ""), "securityPolicy", None),
            (patch("replace", "/endpointAccessMode", ""), "endpointAccessMode", None),
        ],
    )
    def test_paths(self, apigateway, update, operation, member, value):
        api_id, answer = update(operation, **self.CREATED)
        assert answer.get(member) == value
        assert answer["tags"] == {}, "an update answers with an empty map of tags"
        shown = without(apigateway.get_rest_api(restApiId=api_id))
        assert shown == without(answer, "tags")

    @pytest.mark.parametrize(
        ("operation", "refused"),
        [
            (patch("replace", "/name", ""), bad_request("API name cannot be empty")),
            (patch("replace", "/name"), bad_request("API name cannot be empty")),
            (patch("add", "/name", "new"), bad_request(ONLY_REPLACE)),
            (patch("remove", "/version"), bad_request(ONLY_REPLACE)),
            (
                patch("copy", "/description", "x"),
                bad_request("Invalid patch operation specified. Must be one of: [add, remove, replace]"),
            ),
            (
                patch("replace", "/apiKeySource", "QUERY"),
                bad_request("Invalid ApiKeySource specified. Valid options are HEADER,AUTHORIZER"),
            ),
            (patch("add", "/apiKeySource", "HEADER"), bad_request(ONLY_REPLACE)),
            (patch("add", "/disableExecuteApiEndpoint", "true"), bad_request(ONLY_REPLACE)),
            (patch("add", "/minimumCompressionSize", "1"), bad_request(ONLY_REPLACE)),
            (patch("remove", "/minimumCompressionSize"), bad_request(ONLY_REPLACE)),
            (patch("replace", "/minimumCompressionSize", "-1"), bad_request(COMPRESSION)),
            (patch("replace", "/minimumCompressionSize", "10485761"), bad_request(COMPRESSION)),
            (patch("replace", "/minimumCompressionSize", "many"), bad_request(COMPRESSION)),
            (patch("add", "/binaryMediaTypes", "a/b"), bad_request("Invalid patch path /binaryMediaTypes")),
            (patch("add", "/binaryMediaTypes/a/b"), bad_request("Invalid patch path /binaryMediaTypes/a/b")),
            (patch("remove", "/binaryMediaTypes/a~1b"), not_found("Invalid binary media type specified")),
            (patch("replace", "/binaryMediaTypes/a~1b", "c/d"), not_found("Invalid binary media type specified")),
            (
                patch("test", "/binaryMediaTypes/a~1b"),
                bad_request("Invalid patch operation specified. Must be one of: [add, remove, replace]"),
            ),
            (
                patch("replace", "/endpointConfiguration/types/0", "CENTRAL"),
                bad_request("Invalid EndpointTypes specified. Valid options are REGIONAL,EDGE,PRIVATE"),
            ),
            (
                patch("remove", "/endpointConfiguration/types/0"),
                bad_request("Invalid patch operation specified. Must be 'add'|'remove'|'replace'"),
            ),
            (
                patch("replace", "/endpointConfiguration/types/1", "EDGE"),
                bad_request("Invalid patch path /endpointConfiguration/types/1"),
            ),
            (
                patch("replace", "/endpointConfiguration/ipAddressType", "ipv6"),
                bad_request("ipAddressType must be either ipv4 or dualstack."),
            ),
            (patch("add", "/endpointConfiguration/ipAddressType", "ipv4"), bad_request(ONLY_REPLACE)),
            (patch("add", "/endpointConfiguration/vpcEndpointIds", "vpce-1"), bad_request(VPC_ENDPOINTS)),
            (
                patch("replace", "/endpointConfiguration/vpcEndpointIds", "vpce-1"),
                bad_request("Invalid patch operation specified. Must be one of: [add, remove]"),
            ),
            (patch("replace", "/policy", "{}"), bad_request(POLICY)),
            (patch("remove", "/policy"), bad_request(ONLY_REPLACE)),
            (patch("replace", "/securityPolicy", "TLS_9"), bad_request("Invalid securityPolicy specified: TLS_9")),
            (patch("remove", "/securityPolicy"), bad_request(ONLY_REPLACE)),
            (patch("replace", "/endpointAccessMode", "LAX"), bad_request("endpointAccessMode must be either BASIC or STRICT.")),
            (patch("replace", "/wrong", "x"), bad_request("Invalid patch path /wrong")),
            (patch("replace", "/id", "x"), bad_request("Invalid patch path /id")),
            (patch("replace", "/endpointConfiguration", "x"), bad_request("Invalid patch path /endpointConfiguration")),
            (patch("replace", "", "x"), bad_request("Invalid patch path ")),
            ({"op": "replace", "value": "x"}, bad_request("Invalid patch path null")),
        ],
    )
    def test_refusals(self, update_refusal, operation, refused):
        assert update_refusal(operation) == refused

    def test_wrong_operations_are_reported_together(self, update_refusal):
        where = "updateRestApiInput.patchOperations"
        detail = "failed to satisfy constraint: Member must satisfy enum value set: [add, remove, move, test, replace, copy]"
        message = "; ".join(f"Value 'wrong' at '{where}.{number}.member.op' {detail}" for number in (1, 2))
        refused = update_refusal(patch("wrong", "/name", "x"), patch("wrong", "/endpointConfiguration/types/0", "PRIVATE"))
        assert refused == (400, "ValidationException", f"2 validation errors detected: {message}")

    def test_all_or_none(self, update_refusal):
        assert update_refusal(patch("replace", "/name", "changed"), patch("replace", "/wrong", "x"))[0] == 400

    def test_nothing_to_do(self, apigateway):
        api = apigateway.create_rest_api(name="untouched", tags={"a": "b"})
        assert without(apigateway.update_rest_api(restApiId=api["id"], patchOperations=[])) == without(api)
        assert without(apigateway.update_rest_api(restApiId=api["id"])) == without(api)

    def test_binary_media_types_as_recorded(self, apigateway):
        api_id = apigateway.create_rest_api(name="recorded", description="this is my api")["id"]

        def types(*operations):
            return apigateway.update_rest_api(restApiId=api_id, patchOperations=list(operations)).get("binaryMediaTypes")

        added = [patch("add", f"/binaryMediaTypes/image~1{kind}") for kind in ("png", "jpeg")]
        assert types(*added) == ["image/png", "image/jpeg"]
        assert types(patch("replace", "/binaryMediaTypes/image~1png", "image/gif")) == ["image/jpeg", "image/gif"]
        assert types(patch("remove", "/binaryMediaTypes/image~1gif"), patch("remove", "/description")) == ["image/jpeg"]
        assert types(patch("remove", "/binaryMediaTypes/image~1jpeg")) is None


class TestEndpoint:
    """Rules that tie members together hold at the end of a PATCH, not within it."""

    CREATED = {"endpointConfiguration": {"types": ["PRIVATE"], "vpcEndpointIds": ["vpce-1", "vpce-2"]}}

    def test_terraform_removes_and_adds_every_vpc_endpoint(self, update):
        path = "/endpointConfiguration/vpcEndpointIds"
        operations = [patch("remove", path, "vpce-1"), patch("remove", path, "vpce-2")]
        operations += [patch("add", path, "vpce-2"), patch("add", path, "vpce-3"), patch("add", path, "vpce-3")]
        _, answer = update(*operations, **self.CREATED)
        assert answer["endpointConfiguration"] == PRIVATE | {"vpcEndpointIds": ["vpce-2", "vpce-3"]}

    def test_private_to_regional_with_its_vpc_endpoints_gone(self, update):
        path = "/endpointConfiguration/vpcEndpointIds"
        to_regional = patch("replace", "/endpointConfiguration/types/0", "REGIONAL")
        _, answer = update(to_regional, patch("remove", path, "vpce-1"), patch("remove", path, "vpce-2"), **self.CREATED)
        assert answer["endpointConfiguration"] == {"types": ["REGIONAL"], "ipAddressType": "dualstack"}

    def test_refusals(self, update_refusal):
        to_regional = patch("replace", "/endpointConfiguration/types/0", "REGIONAL")
        assert update_refusal(to_regional, **self.CREATED) == bad_request(VPC_ENDPOINTS)
        to_ipv4 = patch("replace", "/endpointConfiguration/ipAddressType", "ipv4")
        assert update_refusal(to_ipv4, **self.CREATED) == bad_request(DUALSTACK_ONLY)
        to_edge = patch("replace", "/endpointConfiguration/types/0", "EDGE")
        refused = update_refusal(to_edge, endpointConfiguration={"types": ["PRIVATE"]})
        assert refused[:2] == (400, "BadRequestException")

    def test_security_policies(self, update, update_refusal):
        regional = {"endpointConfiguration": {"types": ["REGIONAL"]}}
        enhanced, basic = patch("replace", "/securityPolicy", ENHANCED), patch("replace", "/endpointAccessMode", "BASIC")
        _, answer = update(enhanced, basic, **regional)
        assert (answer["securityPolicy"], answer["endpointAccessMode"]) == (ENHANCED, "BASIC")
        created = regional | {"securityPolicy": ENHANCED, "endpointAccessMode": "BASIC"}
        _, answer = update(patch("replace", "/securityPolicy", "TLS_1_0"), patch("replace", "/endpointAccessMode", ""), **created)
        assert answer["securityPolicy"] == "TLS_1_0" and "endpointAccessMode" not in answer
        for operations, given in [
            ([enhanced], regional),
            ([basic], regional),
            ([enhanced, basic], {}),
            ([patch("replace", "/securityPolicy", "TLS_1_2")], regional),
            ([patch("replace", "/endpointAccessMode", "")], created),
        ]:
            assert update_refusal(*operations, **given)[:2] == (400, "BadRequestException")


class TestPolicy:
    PLAIN = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": ["execute-api:/*", "arn:aws:x"]}
        ],
    }

    def expanded(self, api_id):
        own = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api_id}/*"
        return {**self.PLAIN, "Statement": [{**self.PLAIN["Statement"][0], "Resource": [own, "arn:aws:x"]}]}

    @staticmethod
    def read(answer):
        """As Terraform's provider does: the text is the inside of a JSON string."""
        assert '\\"Version\\"' in answer["policy"]
        return json.loads(json.loads(f'"{answer["policy"]}"'))

    def test_create(self, apigateway):
        api = apigateway.create_rest_api(name="policy", policy=json.dumps(self.PLAIN))
        assert self.read(api) == self.expanded(api["id"])
        assert self.read(apigateway.get_rest_api(restApiId=api["id"])) == self.expanded(api["id"])

    def test_update_and_clear(self, update, apigateway):
        api_id, answer = update(patch("replace", "/policy", json.dumps(self.PLAIN)))
        assert self.read(answer) == self.expanded(api_id)
        cleared = apigateway.update_rest_api(restApiId=api_id, patchOperations=[patch("replace", "/policy", "")])
        assert "policy" not in cleared

    def test_too_long(self, update_refusal):
        long = {**self.PLAIN, "Id": "x" * 8192}
        assert update_refusal(patch("replace", "/policy", json.dumps(long)))[:2] == (400, "BadRequestException")


class TestClone:
    def test_the_definition_is_copied_under_new_ids(self, apigateway):
        given = {"description": "original", "binaryMediaTypes": ["a/b"], "minimumCompressionSize": 7, "tags": {"a": "b"}}
        source = apigateway.create_rest_api(name="source", policy=json.dumps(TestPolicy.PLAIN), **given)
        pets = rest_apis.add_resource(apigateway, source["id"], source["rootResourceId"], "pets")
        rest_apis.add_resource(apigateway, source["id"], pets, "{id}")
        apigateway.create_request_validator(restApiId=source["id"], name="all", validateRequestBody=True)
        apigateway.create_model(restApiId=source["id"], name="Pet", contentType="application/json", schema='{"type":"object"}')
        reference = {"$ref": f"https://apigateway.amazonaws.com/restapis/{source['id']}/models/Pet"}
        schema = json.dumps({"type": "array", "items": reference})
        apigateway.create_model(restApiId=source["id"], name="Pets", contentType="application/json", schema=schema)

        copy = apigateway.create_rest_api(name="copy", cloneFrom=source["id"])
        same = without(source, "id", "name", "rootResourceId", "createdDate", "policy", "tags")
        assert without(copy, "id", "name", "rootResourceId", "createdDate", "policy") == same
        assert copy["name"] == "copy"
        assert TestPolicy.read(copy) == TestPolicy().expanded(copy["id"])

        resources = [rest_apis.all_resources(apigateway, api["id"]) for api in (source, copy)]
        assert not resources[0].keys() & resources[1].keys(), "the copy shares an id with its source"
        assert [sorted(one["path"] for one in each.values()) for each in resources] == [["/", "/pets", "/pets/{id}"]] * 2
        assert resources[1][copy["rootResourceId"]]["path"] == "/"

        validators = [apigateway.get_request_validators(restApiId=api["id"])["items"] for api in (source, copy)]
        assert [[one["name"] for one in each] for each in validators] == [["all"]] * 2
        assert validators[0][0]["id"] != validators[1][0]["id"]
        pets_model = apigateway.get_model(restApiId=copy["id"], modelName="Pets")
        expected = f"https://apigateway.amazonaws.com/restapis/{copy['id']}/models/Pet"
        assert json.loads(pets_model["schema"])["items"]["$ref"] == expected

    def test_what_is_given_wins(self, apigateway):
        source = apigateway.create_rest_api(name="source", description="original", endpointConfiguration={"types": ["PRIVATE"]})
        given = {"description": "mine", "endpointConfiguration": {"types": ["REGIONAL"]}}
        copy = apigateway.create_rest_api(name="copy", cloneFrom=source["id"], **given)
        assert copy["description"] == "mine"
        assert copy["endpointConfiguration"] == {"types": ["REGIONAL"], "ipAddressType": "ipv4"}

    def test_stages_and_deployments_stay(self, apigateway):
        api_id, root_id = rest_apis.create(apigateway)
        rest_apis.add_mock_method(apigateway, api_id, root_id, "hello")
        rest_apis.deploy(apigateway, api_id)
        copy = apigateway.create_rest_api(name="copy", cloneFrom=api_id)
        assert apigateway.get_stages(restApiId=copy["id"])["item"] == []
        assert apigateway.get_deployments(restApiId=copy["id"])["items"] == []
        place = {"restApiId": copy["id"], "resourceId": copy["rootResourceId"], "httpMethod": "GET"}
        assert apigateway.get_method(**place)["methodIntegration"]["cacheNamespace"] == copy["rootResourceId"]


class TestDelete:
    def test_once(self, apigateway):
        api_id, _ = rest_apis.create(apigateway)
        apigateway.delete_rest_api(restApiId=api_id)
        for operation in (apigateway.get_rest_api, apigateway.delete_rest_api, apigateway.get_models):
            assert refusal(operation, restApiId=api_id) == unknown_api(api_id)
        assert api_id not in {api["id"] for api in all_apis(apigateway)}

    def test_it_is_served_no_more(self, apigateway, invoke):
        api_id, root_id = rest_apis.create(apigateway)
        rest_apis.add_mock_method(apigateway, api_id, root_id, "hello")
        rest_apis.deploy(apigateway, api_id)
        assert invoke(api_id, "dev").body == b"hello"
        apigateway.delete_rest_api(restApiId=api_id)
        assert invoke(api_id, "dev").status == 403


def all_apis(client):
    for page in client.get_paginator("get_rest_apis").paginate(PaginationConfig={"PageSize": 500}):
        yield from page["items"]
