"""Short ways to build what usage plans are made of."""

import itertools

import rest_apis

_numbers = itertools.count(1)


def api_with_stages(client, *stages):
    """The id of an API that is deployed to these stages."""
    api_id, root_id = rest_apis.create(client, "plans")
    rest_apis.add_mock_method(client, api_id, root_id, "{}")
    for stage in stages:
        rest_apis.deploy(client, api_id, stage=stage)
    return api_id


def value(length=20):
    """A value for an API key that nobody has used."""
    return f"value-{next(_numbers)}-".ljust(length, "x")


def everything(client, operation, size=None, **arguments):
    """All elements of a list, over all its pages."""
    pages = client.get_paginator(operation).paginate(**arguments, PaginationConfig={"PageSize": size} if size else {})
    return [element for page in pages for element in page["items"]]
