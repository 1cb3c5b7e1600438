"""GetSdkTypes, GetSdkType and GetSdk; the clients that come back are unpacked, run, and call what was deployed.

Node.js and a JDK are used where they are installed; without them those tests say that they were skipped.
"""

import importlib.util
import io
import json
import re
import shutil
import subprocess
import sys
import zipfile

import pytest

import rest_apis
from refusals import bad_request, not_found, refusal
from server import clean_environment

GENERATED = {
    "javascript": {},
    "typescript": {},
    "python": {},
    "java": {"service.name": "Pets", "java.package-name": "com.example.pets"},
    "ruby": {"service.name": "Pets"},
}
REFUSED = {
    "android": {"groupId": "a", "artifactId": "b", "artifactVersion": "1", "invokerPackage": "c"},
    "objectivec": {"classPrefix": "A"},
    "swift": {"classPrefix": "A"},
}
TOOL_SECONDS_MAX = 120


@pytest.fixture(scope="module")
def api_id(apigateway, shared_backend):
    """GET / is a mock; /pets/{petId}, /files/{path+} and /teapot go to the backend; /signed wants a signature."""
    api_id, root = rest_apis.create(apigateway, 'pets "*/ \' friends')
    rest_apis.add_mock_method(apigateway, api_id, root, '{"hello": "root"}')
    pets = rest_apis.add_resource(apigateway, api_id, root, "pets")
    pet = rest_apis.add_resource(apigateway, api_id, pets, "{petId}")
    place = {"restApiId": api_id, "resourceId": pet, "httpMethod": "PUT"}
    apigateway.put_method(
        **place,
        authorizationType="NONE",
        requestParameters={
            "method.request.path.petId": True,
            "method.request.querystring.kind": True,
            "method.request.querystring.page": False,
            "method.request.header.X-Trace": False,
        },
    )
    forward(apigateway, place, shared_backend.url + "/pets/{id}", "PUT", "petId")
    files = rest_apis.add_resource(apigateway, api_id, root, "files")
    rest = rest_apis.add_resource(apigateway, api_id, files, "{path+}")
    place = {"restApiId": api_id, "resourceId": rest, "httpMethod": "ANY"}
    apigateway.put_method(**place, authorizationType="NONE", requestParameters={"method.request.path.path": True})
    forward(apigateway, place, shared_backend.url + "/files/{id}", "ANY", "path")
    teapot = rest_apis.add_resource(apigateway, api_id, root, "teapot")
    rest_apis.add_proxy_method(apigateway, api_id, teapot, shared_backend.url + "/status/418", "GET", "GET")
    signed = rest_apis.add_resource(apigateway, api_id, root, "signed")
    place = {"restApiId": api_id, "resourceId": signed, "httpMethod": "GET"}
    apigateway.put_method(**place, authorizationType="AWS_IAM")
    apigateway.put_integration(**place, type="HTTP_PROXY", integrationHttpMethod="GET", uri=shared_backend.url + "/signed")
    rest_apis.deploy(apigateway, api_id)
    return api_id


def forward(client, place, uri, verb, variable):
    mapping = {"integration.request.path.id": f"method.request.path.{variable}"}
    client.put_integration(**place, type="HTTP_PROXY", integrationHttpMethod=verb, uri=uri, requestParameters=mapping)


def fetch(client, api_id, kind, **more):
    return client.get_sdk(restApiId=api_id, stageName="dev", sdkType=kind, parameters={**GENERATED.get(kind, {}), **more})


def unpack(client, api_id, kind, folder, **more):
    archive = zipfile.ZipFile(io.BytesIO(fetch(client, api_id, kind, **more)["body"].read()))
    assert archive.testzip() is None
    archive.extractall(folder)
    return archive.namelist()


def run(folder, *command):
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=TOOL_SECONDS_MAX, check=False, env=clean_environment()
    )
    assert done.returncode == 0, f"{command}: {done.stdout}\n{done.stderr}"
    return done.stdout


def tool(name):
    return shutil.which(name) or pytest.skip(f"{name} is not installed")


def echoed(request):
    """What reached the backend: verb, path, query, body."""
    return request["method"], request["path"], request["query"], request["body"]


def field(request, name):
    return [value for key, value in request["headers"] if key.lower() == name]


def test_types(apigateway):
    items = apigateway.get_sdk_types(limit=500)["items"]
    assert {item["id"] for item in items} == set(GENERATED) | set(REFUSED)
    for item in items:
        assert apigateway.get_sdk_type(id=item["id"])["configurationProperties"] == item["configurationProperties"]
        required = {entry["name"] for entry in item["configurationProperties"] if entry["required"]}
        assert required == set({**GENERATED, **REFUSED}[item["id"]])
    first = apigateway.get_sdk_types(limit=2)
    rest = apigateway.get_sdk_types(limit=500, position=first["position"])
    assert [item["id"] for item in first["items"] + rest["items"]] == [item["id"] for item in items]
    assert refusal(apigateway.get_sdk_type, id="cobol")[:2] == (404, "NotFoundException")


@pytest.mark.parametrize("kind", GENERATED)
def test_an_archive(apigateway, api_id, kind):
    answer = fetch(apigateway, api_id, kind)
    assert answer["contentType"] == "application/octet-stream"
    name = rf'attachment; filename="{kind}_\d{{4}}-\d\d-\d\d_\d\d-\d\dZ\.zip"'
    assert re.fullmatch(name, answer["contentDisposition"])
    assert zipfile.ZipFile(io.BytesIO(answer["body"].read())).testzip() is None


def test_what_is_refused(apigateway, api_id):
    place = {"restApiId": api_id, "stageName": "dev"}
    for kind, parameters in REFUSED.items():
        status, code, message = refusal(apigateway.get_sdk, **place, sdkType=kind, parameters=parameters)
        assert (status, code) == (400, "BadRequestException")
        assert f"SDK type {kind} is not generated" in message
    missing = bad_request("Missing required parameter java.package-name for SDK type java")
    assert refusal(apigateway.get_sdk, **place, sdkType="java", parameters={"serviceName": "A"}) == missing
    assert refusal(apigateway.get_sdk, **place, sdkType="java", parameters={"service.name": "a b", "java.package-name": "c"})[0] == 400
    no_stage = not_found("Invalid stage identifier specified")
    assert refusal(apigateway.get_sdk, restApiId=api_id, stageName="none", sdkType="javascript") == no_stage
    assert refusal(apigateway.get_sdk, **place, sdkType="cobol")[:2] == (400, "BadRequestException")


def test_javascript_runs(apigateway, server, api_id, backend, tmp_path):
    node = tool("node")
    unpack(apigateway, api_id, "javascript", tmp_path)
    (tmp_path / "run.js").write_text(
        """
        const client = require("./apiGateway-js-sdk/apigClient.js").newClient({ apiKey: "key" });
        const refused = (call) => call.then(() => "answered", (error) => error.status || error.message);
        (async () => {
          const params = { petId: "a b/c", kind: ["x&", "é"], "X-Trace": "t" };
          const put = await client.petsPetIdPut(params, { name: "Zoë" }, { queryParams: { more: "1" } });
          const any = await client.filesPathAny({ path: "a/b c" }, "text", { httpMethod: "post", headers: { "content-type": "text/plain" } });
          console.log(JSON.stringify({
            root: (await client.rootGet()).data,
            put: put.data, any: any.data,
            teapot: await refused(client.teapotGet()),
            missing: await refused(client.petsPetIdPut({ petId: "1" })),
            dots: await refused(client.filesPathAny({ path: "a/../b" }, undefined, { httpMethod: "GET" })),
            verb: await refused(client.filesPathAny({ path: "a" })),
            unsigned: await refused(client.signedGet())
          }));
        })();
        """
    )
    said = json.loads(run(tmp_path, node, "run.js"))
    assert said["root"] == {"hello": "root"}
    check_calls(said["put"], said["any"])
    assert said["teapot"] == 418
    assert said["missing"] == "petsPetIdPut needs the parameter kind"
    assert "in its path" in said["dots"]
    assert "additionalParams.httpMethod" in said["verb"]
    assert said["unsigned"] == "signedGet is signed: give accessKey and secretKey to newClient"
    assert len(backend.requests) == 3


def check_calls(put, any_verb):
    """Every client makes these two calls in its own words."""
    assert echoed(put)[:2] == ("PUT", "/pets/a%20b%2Fc")
    assert sorted(put["query"].split("&")) == ["kind=%C3%A9", "kind=x%26", "more=1"]
    assert json.loads(put["body"]) == {"name": "Zoë"}
    assert field(put, "x-trace") == ["t"]
    assert field(put, "content-type") == ["application/json"]
    assert field(put, "x-api-key") == ["key"]
    assert echoed(any_verb)[0] == "POST"
    assert any_verb["path"].startswith("/files/a")
    assert any_verb["body"] == "text"
    assert field(any_verb, "content-type") == ["text/plain"]


def test_python_runs(apigateway, api_id, backend, tmp_path):
    unpack(apigateway, api_id, "python", tmp_path)
    spec = importlib.util.spec_from_file_location("generated_client", tmp_path / "apiGateway-python-sdk" / "apig_client.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    client = module.Client(api_key="key")
    assert client.get_api_root().data == {"hello": "root"}
    put = client.put_pets_pet_id(pet_id="a b/c", kind=["x&", "é"], x_trace="t", body={"name": "Zoë"}, query={"more": 1})
    text = {"content-type": "text/plain"}
    any_verb = client.any_files_path(path="a/b c", http_method="post", body="text", headers=text)
    check_calls(put.data, any_verb.data)
    with pytest.raises(module.ApiError) as raised:
        client.get_teapot()
    assert raised.value.status == 418
    for wrong in [{"path": "a/../b"}, {"path": ""}, {"path": None}]:
        with pytest.raises(ValueError, match="path parameter path"):
            client.any_files_path(**wrong, http_method="GET")
    with pytest.raises(ValueError, match="is signed: give access_key"):
        client.get_signed()
    assert len(backend.requests) == 3


def test_java_runs(apigateway, api_id, backend, tmp_path):
    javac, java = tool("javac"), tool("java")
    names = unpack(apigateway, api_id, "java", tmp_path)
    assert "generated-code/pom.xml" in names
    (tmp_path / "Main.java").write_text(
        """
        import com.example.pets.*;
        import com.example.pets.model.*;
        public class Main {
            public static void main(String[] none) {
                Pets client = Pets.builder().apiKey("key").build();
                System.out.println(client.putPetsPetId(new PutPetsPetIdRequest().petId("a b/c").kind("x&", "\\u00e9").xTrace("t")
                    .queryParam("more", "1").body("{\\"name\\": \\"Zo\\u00eb\\"}")).body());
                System.out.println(client.anyFilesPath(new AnyFilesPathRequest().path2("a/b c").httpMethod("post").body("text")
                    .header("content-type", "text/plain")).body());
                try {
                    client.getTeapot(new GetTeapotRequest());
                } catch (ApiException error) {
                    System.out.println(error.response().status());
                }
            }
        }
        """
    )
    sources = [name for name in names if name.endswith(".java")] + ["Main.java"]
    run(tmp_path, javac, "-proc:none", "-encoding", "UTF-8", "-d", "classes", *sources)
    put, any_verb, status = run(tmp_path, java, "-cp", "classes", "Main").splitlines()
    check_calls(json.loads(put), json.loads(any_verb))
    assert status == "418"


def test_the_url_can_be_given(apigateway, api_id, tmp_path):
    unpack(apigateway, api_id, "python", tmp_path, invokeUrl="https://api.example.com/v1/")
    source = (tmp_path / "apiGateway-python-sdk" / "apig_client.py").read_text()
    assert 'INVOKE_URL = "https://api.example.com/v1"' in source
    refused = refusal(fetch, client=apigateway, api_id=api_id, kind="python", invokeUrl="ftp://a")
    assert refused[:2] == (400, "BadRequestException")


def test_a_client_is_of_what_was_deployed(apigateway, tmp_path):
    api_id, root = rest_apis.create(apigateway)
    rest_apis.add_mock_method(apigateway, api_id, root, "{}")
    rest_apis.deploy(apigateway, api_id)
    rest_apis.add_mock_method(apigateway, api_id, root, "{}", method="POST")
    source = "apiGateway-js-sdk/apigClient.js"
    unpack(apigateway, api_id, "javascript", tmp_path)
    assert "rootPost" not in (tmp_path / source).read_text()
    rest_apis.deploy(apigateway, api_id)
    unpack(apigateway, api_id, "javascript", tmp_path)
    assert "rootPost" in (tmp_path / source).read_text()


def test_sources_of_python_have_no_fault(apigateway, api_id, tmp_path):
    unpack(apigateway, api_id, "python", tmp_path)
    run(tmp_path, sys.executable, "-W", "error", "-m", "py_compile", "apiGateway-python-sdk/apig_client.py")
