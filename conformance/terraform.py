"""What the lives of Terraform's resources are told with, and the API that they begin on."""

from dataclasses import dataclass, field

import rest_apis
from answers import patch

HEADER = "method.request.header.X-Key"
PATH = "method.request.path.id"
RESPONSE = "method.response.header.X-Key"


def replace(path, value=None):
    return patch("replace", path, value)


def add(path, value=None):
    return patch("add", path, value)


def remove(path, value=None):
    return patch("remove", path, value)


class World:
    """What the resources stand on: an API with a resource, a method with its answer, and a deployment."""

    def __init__(self, client):
        self.client = client
        self.api_id, self.root_id = rest_apis.create(client, "terraform")
        self.resource_id = rest_apis.add_resource(client, self.api_id, self.root_id, "pets")
        self.validator_id = client.create_request_validator(restApiId=self.api_id, name="all")["id"]
        self.method = {"restApiId": self.api_id, "resourceId": self.resource_id, "httpMethod": "GET"}
        client.put_method(**self.method, authorizationType="NONE", requestParameters={HEADER: True, PATH: True})
        client.put_method_response(**self.method, statusCode="200", responseParameters={RESPONSE: True})
        rest_apis.add_mock_method(client, self.api_id, self.root_id, "{}")
        client.put_integration(**self.method, type="HTTP_PROXY", integrationHttpMethod="GET", uri="http://127.0.0.1:1/")
        self.deployment_id, self.other_id = (client.create_deployment(restApiId=self.api_id)["id"] for _ in range(2))

    @property
    def api(self):
        return {"restApiId": self.api_id}


@dataclass
class Life:
    """One resource from its creation to its end. Callables get the world."""

    noun: str
    creator: str
    configured: object
    """The input of the create."""
    shown: object
    """What a read shows then, dates and ids of its own aside."""
    steps: object = ()
    """Pairs: the operations of an update, or an input for another put; and what it changes, None for gone."""
    key: str = ""
    """What later calls name the resource by, when its create answers an id; else `place`."""
    place: object = field(default_factory=dict)
    own: tuple = ("id", "createdDate", "lastUpdatedDate", "tags")
    """Members that are the resource's own; tags have a case of their own."""
