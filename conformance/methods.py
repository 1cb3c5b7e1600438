"""A method to try things on, spoken to with its place filled in."""

import rest_apis
from answers import bare as plain
from answers import patch
from refusals import refusal


class MethodTree:
    """An API of its own with `GET /`, and the calls on it; answers come without what boto3 adds."""

    def __init__(self, client, method="GET", **put_method):
        self.client = client
        self.api_id, self.root_id = rest_apis.create(client)
        self.place = {"restApiId": self.api_id, "resourceId": self.root_id, "httpMethod": method}
        self.call("put_method", **{"authorizationType": "NONE", **put_method})

    def call(self, operation, **arguments):
        """The answer of an operation on this method; arguments win over its place."""
        return plain(getattr(self.client, operation)(**{**self.place, **arguments}))

    def refusal(self, operation, **arguments):
        """What an operation is refused with; the method must be as it was."""
        before = self.state()
        refused = refusal(getattr(self.client, operation), **{**self.place, **arguments})
        assert self.state() == before, f"a refused {operation} changed something"
        return refused

    def state(self):
        return plain(self.client.get_resource(restApiId=self.api_id, resourceId=self.root_id, embed=["methods"]))

    def update(self, operation, *operations, **arguments):
        """The answer of an update, which must be what a get shows afterwards."""
        patches = [patch(*each) for each in operations]
        answer = self.call(operation, patchOperations=patches, **arguments)
        assert self.call(operation.replace("update", "get"), **arguments) == answer
        return answer

    def update_refusal(self, operation, *operations, **arguments):
        return self.refusal(operation, patchOperations=[patch(*each) for each in operations], **arguments)


def validation(message):
    return 400, "ValidationException", message


def mapping_fault(fault):
    """The text around what is wrong with a mapping expression."""
    return f"Invalid mapping expression specified: Validation Result: warnings : [], errors : [{fault}]"


ONLY_REPLACE = "Invalid patch operation specified. Must be one of: [replace]"
ANY_ENTRY_OP = "Invalid patch operation specified. Must be one of: [add, remove, replace]"
UNKNOWN_ENTRY = "Invalid parameter name specified"
UNKNOWN_RESOURCE = "Invalid Resource identifier specified"
UNKNOWN_METHOD = "Invalid Method identifier specified"
UNKNOWN_INTEGRATION = "Invalid Integration identifier specified"
UNKNOWN_STATUS = "Invalid Response status code specified"
VERBS = "Invalid HttpMethod specified. Valid options are GET,PUT,POST,DELETE,PATCH,OPTIONS,HEAD,ANY"
STATUS_PATTERN = (
    "1 validation error detected: Value 'wrong' at 'statusCode' failed to satisfy constraint: Member must satisfy regular"
    r" expression pattern: [1-5]\d\d"
)
OP_ENUM = "Member must satisfy enum value set: [add, remove, move, test, replace, copy]"


def wrong_op(update_input, *places):
    """The text for patch operations, counted from 1, whose op is `wrong_op`."""
    count = "1 validation error" if len(places) == 1 else f"{len(places)} validation errors"
    where = f"{update_input}.patchOperations.{{}}.member.op"
    details = [f"Value 'wrong_op' at '{where.format(n)}' failed to satisfy constraint: {OP_ENUM}" for n in places]
    return f"{count} detected: " + "; ".join(details)
