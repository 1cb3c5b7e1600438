"""Short ways to build the REST APIs that the tests call."""

import itertools

_numbers = itertools.count(1)


def create(client, name="conformance"):
    """A new API: (api id, id of the root resource)."""
    api = client.create_rest_api(name=f"{name}-{next(_numbers)}")
    return api["id"], api["rootResourceId"]


def add_resource(client, api_id, parent_id, path_part):
    return client.create_resource(restApiId=api_id, parentId=parent_id, pathPart=path_part)["id"]


def add_proxy_method(client, api_id, resource_id, uri, method="ANY", integration_method="ANY", **integration):
    """A method that anyone may call, forwarded to `uri`."""
    # A mapping may only read what the method declares.
    parameters = {source: True for source in integration.get("requestParameters", {}).values() if source.startswith("method.request.")}
    client.put_method(
        restApiId=api_id, resourceId=resource_id, httpMethod=method, authorizationType="NONE", requestParameters=parameters
    )
    client.put_integration(
        restApiId=api_id,
        resourceId=resource_id,
        httpMethod=method,
        type="HTTP_PROXY",
        integrationHttpMethod=integration_method,
        uri=uri,
        **integration,
    )


def add_mock_method(client, api_id, resource_id, body, method="GET"):
    """A method that answers 200 with `body`, a template without variables."""
    place = {"restApiId": api_id, "resourceId": resource_id, "httpMethod": method}
    client.put_method(**place, authorizationType="NONE")
    client.put_method_response(**place, statusCode="200")
    client.put_integration(**place, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
    client.put_integration_response(**place, statusCode="200", responseTemplates={"application/json": body})


def deploy(client, api_id, stage="dev", **arguments):
    return client.create_deployment(restApiId=api_id, stageName=stage, **arguments)["id"]


def all_resources(client, api_id):
    """Every resource by id, over all pages."""
    pages = client.get_paginator("get_resources").paginate(restApiId=api_id, PaginationConfig={"PageSize": 100})
    found = [resource for page in pages for resource in page["items"]]
    by_id = {resource["id"]: resource for resource in found}
    assert len(by_id) == len(found), "a resource was listed twice"
    return by_id
