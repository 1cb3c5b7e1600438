"""Resource: the path tree, what may stand where, moves and removals."""

import pytest

import rest_apis
from refusals import bad_request, conflict, not_found, refusal

MISSING = not_found("Invalid Resource identifier specified")
CYCLICAL = bad_request("Resources cannot be cyclical.")
RESOURCES_MAX = 300


def bad_part():
    return bad_request(
        "Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and curly braces at the beginning and"
        " the end."
    )


def taken(part):
    return conflict(f"Another resource with the same parent already has this name: {part}")


def second_variable(part):
    return bad_request(f"A sibling ({part}) of this resource already has a variable path part -- only one is allowed")


def under_greedy(part):
    return bad_request(f"Cannot create a child of a resource with a greedy path variable: {part}")


class Api:
    """One API, spoken to with its id filled in."""

    def __init__(self, client):
        self.client = client
        self.id, self.root = rest_apis.create(client)

    def create(self, part, parent=None):
        return self.client.create_resource(restApiId=self.id, parentId=parent or self.root, pathPart=part)

    def add(self, part, parent=None):
        return self.create(part, parent)["id"]

    def create_refusal(self, part, parent=None):
        return refusal(self.client.create_resource, restApiId=self.id, parentId=parent or self.root, pathPart=part)

    def get(self, resource_id, **more):
        answer = self.client.get_resource(restApiId=self.id, resourceId=resource_id, **more)
        return {name: value for name, value in answer.items() if name != "ResponseMetadata"}

    def update(self, resource_id, *operations):
        answer = self.client.update_resource(restApiId=self.id, resourceId=resource_id, patchOperations=list(operations))
        return {name: value for name, value in answer.items() if name != "ResponseMetadata"}

    def update_refusal(self, resource_id, *operations):
        arguments = {"restApiId": self.id, "resourceId": resource_id, "patchOperations": list(operations)}
        before = self.paths()
        refused = refusal(self.client.update_resource, **arguments)
        assert self.paths() == before, "a refused update changed something"
        return refused

    def delete(self, resource_id):
        self.client.delete_resource(restApiId=self.id, resourceId=resource_id)

    def paths(self):
        return {id: resource["path"] for id, resource in rest_apis.all_resources(self.client, self.id).items()}


@pytest.fixture
def api(apigateway):
    return Api(apigateway)


def replace(path, value=None):
    return {"op": "replace", "path": path} | ({} if value is None else {"value": value})


class TestCreate:
    def test_success(self, api):
        pets = api.create("pets")
        assert len(pets["id"]) == 6
        shown = {"id": pets["id"], "parentId": api.root, "path": "/pets", "pathPart": "pets"}
        assert {name: pets[name] for name in pets if name != "ResponseMetadata"} == shown
        assert api.get(pets["id"]) == shown
        assert api.get(api.root) == {"id": api.root, "path": "/"}

    def test_a_tree_as_recorded(self, api):
        api.create("{proxy+}")
        parent = api.add("parent")
        proxy = api.add("{proxy+}", parent)
        child = api.add("child", parent)
        assert api.create("{proxy+}", child)["path"] == "/parent/child/{proxy+}"
        api.delete(proxy)
        dynamic = api.add("{child}", parent)
        assert api.create("{proxy+}", dynamic)["path"] == "/parent/{child}/{proxy+}"
        assert sorted(api.paths().values()) == [
            "/",
            "/parent",
            "/parent/child",
            "/parent/child/{proxy+}",
            "/parent/{child}",
            "/parent/{child}/{proxy+}",
            "/{proxy+}",
        ]

    @pytest.mark.parametrize("part", ["a.b_c-d", "v1:batch", "a,b", "{id}", "{proxy+}", "{any-name+}", "UPPER"])
    def test_parts(self, api, part):
        assert api.create(part)["path"] == f"/{part}"

    @pytest.mark.parametrize("part", ["a/b", "a b", "{id", "id}", "{}", "{+}", "{a}b", "pets?", "é", "%20", "a+"])
    def test_bad_parts(self, api, part):
        assert api.create_refusal(part) == bad_part()

    def test_an_empty_part(self, api):
        assert api.create_refusal("") == bad_request("Resource's path part must be specified")

    def test_neighbours(self, api):
        proxy = api.add("{proxy+}")
        assert api.create_refusal("{dynamic}") == second_variable("{proxy+}")
        assert api.create_refusal("{proxy+}") == taken("{proxy+}")
        assert api.create_refusal("static", proxy) == under_greedy("{proxy+}")
        assert api.create_refusal("{dynamic}", proxy) == under_greedy("{proxy+}")
        parent = api.add("parent")
        assert api.create("{child+}", parent)["path"] == "/parent/{child+}"
        assert api.create_refusal("parent") == taken("parent")
        assert api.create("Parent")["path"] == "/Parent"

    def test_unknown(self, apigateway, api):
        assert api.create_refusal("pets", "abcdef") == MISSING
        arguments = {"restApiId": "abcdefghij", "parentId": api.root, "pathPart": "pets"}
        assert refusal(apigateway.create_resource, **arguments) == MISSING

    def test_limit(self, api):
        for number in range(RESOURCES_MAX):
            api.create(f"r{number}")
        status, code, _ = api.create_refusal("one-more")
        assert (status, code) == (429, "LimitExceededException")


class TestGet:
    @pytest.fixture
    def with_methods(self, api):
        rest_apis.add_mock_method(api.client, api.id, api.root, "hello")
        api.client.put_method(restApiId=api.id, resourceId=api.root, httpMethod="POST", authorizationType="NONE")
        return api

    def test_methods_are_named(self, with_methods):
        api = with_methods
        assert api.get(api.root)["resourceMethods"] == {"GET": {}, "POST": {}}
        listed = api.client.get_resources(restApiId=api.id)["items"]
        assert listed == [{"id": api.root, "path": "/", "resourceMethods": {"GET": {}, "POST": {}}}]

    def test_methods_are_shown_whole_when_embedded(self, with_methods):
        api = with_methods
        methods = {}
        for verb in ("GET", "POST"):
            methods[verb] = api.client.get_method(restApiId=api.id, resourceId=api.root, httpMethod=verb)
            del methods[verb]["ResponseMetadata"]
        assert "methodIntegration" in methods["GET"]
        assert api.get(api.root, embed=["methods"])["resourceMethods"] == methods
        listed = api.client.get_resources(restApiId=api.id, embed=["methods"])["items"]
        assert listed[0]["resourceMethods"] == methods
        assert api.get(api.root, embed=["other"])["resourceMethods"] == {"GET": {}, "POST": {}}

    def test_unknown(self, apigateway, api):
        assert refusal(apigateway.get_resource, restApiId=api.id, resourceId="abcdef") == MISSING
        assert refusal(apigateway.get_resource, restApiId="abcdefghij", resourceId=api.root) == MISSING
        assert refusal(apigateway.get_resources, restApiId="abcdefghij") == MISSING

    def test_pages(self, api):
        made = {api.add(f"r{number}") for number in range(30)} | {api.root}
        first = api.client.get_resources(restApiId=api.id)
        assert len(first["items"]) == 25
        second = api.client.get_resources(restApiId=api.id, position=first["position"])
        assert "position" not in second
        assert {one["id"] for one in first["items"] + second["items"]} == made
        assert "position" not in api.client.get_resources(restApiId=api.id, limit=500)


class TestUpdate:
    def test_rename_moves_the_subtree(self, api):
        pets = api.add("pets")
        sub = api.add("sub", pets)
        renamed = api.update(pets, replace("/pathPart", "dogs"))
        assert renamed == {"id": pets, "parentId": api.root, "path": "/dogs", "pathPart": "dogs"}
        assert api.get(sub)["path"] == "/dogs/sub"

    def test_move_takes_the_subtree_along(self, api):
        one, two = api.add("one"), api.add("two")
        child = api.add("child", one)
        grandchild = api.add("grandchild", child)
        assert api.update(child, replace("/parentId", two))["path"] == "/two/child"
        assert api.get(grandchild)["path"] == "/two/child/grandchild"

    def test_as_recorded(self, api):
        pets = api.add("pets")
        sub = api.add("subpets", pets)
        deep = api.add("pets", sub)
        assert api.update_refusal(deep, replace("/parentId", api.root)) == taken("pets")
        assert api.update_refusal(sub, replace("/parentId", deep)) == CYCLICAL
        assert api.update_refusal(sub, replace("/parentId", sub)) == CYCLICAL
        assert api.update(sub, replace("/parentId", api.root))["path"] == "/subpets"
        assert api.update_refusal(sub, replace("/pathPart", "pets")) == taken("pets")
        api.delete(pets)
        assert api.paths() == {api.root: "/", sub: "/subpets", deep: "/subpets/pets"}

    def test_a_place_that_is_taken_on_the_way_only(self, api):
        one, two = api.add("one"), api.add("two")
        api.add("b", one)
        moving = api.add("a", one)
        moved = api.update(moving, replace("/pathPart", "b"), replace("/parentId", two))
        assert moved["path"] == "/two/b"

    def test_greedy_and_variable_places(self, api):
        proxy = api.add("{proxy+}")
        pets = api.add("pets")
        api.add("child", pets)
        assert api.update_refusal(pets, replace("/parentId", proxy)) == under_greedy("{proxy+}")
        assert api.update_refusal(pets, replace("/pathPart", "{pets}")) == second_variable("{proxy+}")
        api.delete(proxy)
        assert api.update_refusal(pets, replace("/pathPart", "{pets+}")) == under_greedy("{pets+}")
        assert api.update(pets, replace("/pathPart", "{pets}"))["path"] == "/{pets}"

    def test_the_same_again(self, api):
        pets = api.add("pets")
        same = [replace("/pathPart", "pets"), replace("/parentId", api.root)]
        assert api.update(pets, *same) == api.get(pets)
        assert api.update(pets) == api.get(pets)

    def test_root(self, api):
        pets = api.add("pets")
        root = bad_request("Root resource cannot update its pathPart.")
        assert api.update_refusal(api.root, replace("/pathPart", "x")) == root
        root = bad_request("Root resource cannot update its parentId.")
        assert api.update_refusal(api.root, replace("/parentId", pets)) == root

    @pytest.mark.parametrize(
        ("operation", "refused"),
        [
            (replace("/parentId", "abcdef"), MISSING),
            (replace("/parentId"), MISSING),
            (replace("/pathPart", "a b"), bad_part()),
            (replace("/pathPart", ""), bad_request("Resource's path part must be specified")),
            (
                replace("/invalid", "x"),
                bad_request(
                    "Invalid patch path  '/invalid' specified for op 'replace'. Must be one of: [/parentId, /pathPart]"
                ),
            ),
            (
                {"op": "remove", "path": "/pathPart"},
                bad_request("Invalid patch path  '/pathPart' specified for op 'remove'. Please choose supported operations"),
            ),
            (
                {"op": "add", "path": "/pathPart", "value": "x"},
                bad_request("Invalid patch path  '/pathPart' specified for op 'add'. Please choose supported operations"),
            ),
            (
                {"op": "add", "path": "/parentId", "value": "x"},
                bad_request("Invalid patch path  '/parentId' specified for op 'add'. Please choose supported operations"),
            ),
        ],
    )
    def test_refusals(self, api, operation, refused):
        assert api.update_refusal(api.add("pets"), operation) == refused

    def test_all_or_none(self, api):
        pets = api.add("pets")
        assert api.update_refusal(pets, replace("/pathPart", "dogs"), replace("/invalid", "x"))[0] == 400

    def test_unknown(self, apigateway, api):
        assert api.update_refusal("abcdef", replace("/pathPart", "dogs")) == MISSING
        assert api.update_refusal("abcdef") == MISSING
        arguments = {"restApiId": "abcdefghij", "resourceId": api.root, "patchOperations": []}
        assert refusal(apigateway.update_resource, **arguments) == MISSING


class TestDelete:
    def test_the_subtree_goes_and_what_moved_out_stays(self, api):
        pets = api.add("pets")
        child = api.add("child", pets)
        grandchild = api.add("grandchild", child)
        moved = api.add("moved", child)
        api.update(moved, replace("/parentId", api.root))
        api.delete(pets)
        assert api.paths() == {api.root: "/", moved: "/moved"}
        for gone in (pets, child, grandchild):
            assert refusal(api.client.get_resource, restApiId=api.id, resourceId=gone) == MISSING
        assert refusal(api.client.delete_resource, restApiId=api.id, resourceId=child) == MISSING

    def test_root(self, api):
        refused = refusal(api.client.delete_resource, restApiId=api.id, resourceId=api.root)
        assert refused == bad_request("Root resource cannot be deleted.")

    def test_unknown(self, apigateway, api):
        assert refusal(apigateway.delete_resource, restApiId="abcdefghij", resourceId=api.root) == MISSING
