"""Holds every answer against botocore's model, more strictly than botocore does itself.

botocore forgives: unknown members are dropped, a number where a string belongs is passed on, an absent member is not missed. The SDKs
for Go and Java, and Terraform's provider on top of them, do not. `install` makes a client fail on the first answer that any of
them would stumble over.
"""

import json
import re
from datetime import datetime

# What the front door answers before an operation is chosen, and what Postern answers for one that is not built yet. No model has these.
UNMODELLED_ERRORS = {
    "AccessDeniedException",
    "ExpiredTokenException",
    "IncompleteSignatureException",
    "InvalidSignatureException",
    "MissingAuthenticationTokenException",
    "NotImplementedException",
    "RequestEntityTooLargeException",
    "SerializationException",
    "UnrecognizedClientException",
    "ValidationException",
}

# The service answers these with another success status than its model says (observed against the service).
STATUS_EXCEPTIONS = {"UpdateApi": 201, "UpdateRoute": 201, "UpdateDeployment": 201, "CreateApiMapping": 200}

REQUEST_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
ISO_8601 = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{3}|\.\d{6})?Z")


class StrictnessError(AssertionError):
    """An answer that some AWS client would not accept."""


def install(client):
    """Makes `client` check every answer; returns it."""
    client.meta.events.register("before-parse", _before_parse)
    return client


def _before_parse(operation_model, response_dict, **_):
    problems = check(operation_model, response_dict["status_code"], response_dict["headers"], response_dict["body"])
    if problems:
        name = operation_model.name
        raise StrictnessError(f"{name} answered {response_dict['status_code']} {response_dict['body']!r}:\n" + "\n".join(problems))


def check(operation_model, status, headers, body):
    """What is wrong with an answer, as a list of sentences."""
    headers = {name.lower(): value for name, value in headers.items()}
    problems = []
    if not REQUEST_ID.fullmatch(headers.get("x-amzn-requestid", "")):
        problems.append("x-amzn-RequestId is no UUID")
    if status >= 300:
        return problems + _check_error(operation_model, status, headers, body)
    return problems + _check_success(operation_model, status, headers, body)


def _check_success(operation_model, status, headers, body):
    problems = []
    is_v2 = operation_model.service_model.service_name == "apigatewayv2"
    wanted = operation_model.http.get("responseCode", 200)
    if is_v2:
        wanted = STATUS_EXCEPTIONS.get(operation_model.name, wanted)
    # How a function is called decides its status (documented).
    is_call = operation_model.name == "Invoke" and status in (202, 204)
    if status != wanted and not is_call:
        problems.append(f"status is {status}, the service answers {wanted}")

    shape = operation_model.output_shape
    if operation_model.has_event_stream_output:
        is_stream = headers.get("content-type") == "application/vnd.amazon.eventstream"
        return problems if is_stream else problems + [f"content-type is {headers.get('content-type')!r}"]
    if shape is None or not shape.members:
        empty = (b"",) if shape is None else (b"", b"{}")
        if body not in empty:
            problems.append("the body is not empty")
        return problems
    payload = shape.serialization.get("payload")
    if payload and shape.members[payload].type_name == "blob":
        return problems

    document, problem = _parse(headers, body)
    if problem:
        return problems + [problem]
    if payload:
        _check_value(shape.members[payload], document, payload, operation_model, problems)
    else:
        _check_structure(shape, document, "", operation_model, problems, is_top=True)
    return problems


def _check_error(operation_model, status, headers, body):
    problems = []
    code = headers.get("x-amzn-errortype", "")
    modelled = {shape.name: shape for shape in operation_model.error_shapes}
    if code not in modelled and code not in UNMODELLED_ERRORS:
        problems.append(f"x-amzn-ErrorType {code!r} is none of {sorted(modelled)}")
    shape = modelled.get(code)
    if shape is not None:
        wanted = shape.metadata.get("error", {}).get("httpStatusCode")
        if wanted and wanted != status:
            problems.append(f"{code} has status {wanted}, this is {status}")
    document, problem = _parse(headers, body)
    if problem:
        return problems + [problem]
    allowed = {_wire_name(member, name) for name, member in shape.members.items()} if shape is not None else set()
    is_lambda = operation_model.service_model.service_name == "lambda"
    # Lambda's own errors have these, the model's among them or not.
    allowed |= {"Type", "Message"} if is_lambda else set()
    for name in document.keys() - allowed - {"message"}:
        problems.append(f"unexpected error member {name!r}")
    # Of the management API's errors only one has a message.
    needs_message = shape is None or "message" in {name.lower() for name in shape.members}
    message = document.get("message", document.get("Message") if is_lambda else None)
    if needs_message and not isinstance(message, str):
        problems.append("the error has no message")
    return problems


def _parse(headers, body):
    if not headers.get("content-type", "").startswith("application/json"):
        return None, f"content-type is {headers.get('content-type')!r}"
    try:
        document = json.loads(body, parse_constant=_refuse_constant)
    except ValueError as error:
        return None, f"the body is no JSON: {error}"
    if not isinstance(document, dict):
        return None, "the body is no JSON object"
    return document, None


def _refuse_constant(name):
    raise ValueError(f"{name} is no JSON")


def _wire_name(member, name):
    return member.serialization.get("name", name)


def _check_structure(shape, value, where, operation_model, problems, is_top=False):
    if not isinstance(value, dict):
        problems.append(f"{where or 'body'} is no object")
        return
    members = {}
    for name, member in shape.members.items():
        if is_top and "location" in member.serialization:
            continue
        members[_wire_name(member, name)] = (name, member)
    for name in value.keys() - members.keys():
        problems.append(f"unexpected member {where}{name}")
    for wire_name, (name, member) in members.items():
        if wire_name in value:
            _check_value(member, value[wire_name], f"{where}{wire_name}", operation_model, problems)
        elif name in shape.required_members:
            problems.append(f"missing member {where}{wire_name}")


def _check_value(shape, value, where, operation_model, problems):
    kind = shape.type_name
    if kind == "structure":
        _check_structure(shape, value, f"{where}.", operation_model, problems)
    elif kind == "list" and isinstance(value, list):
        for index, item in enumerate(value):
            _check_value(shape.member, item, f"{where}[{index}]", operation_model, problems)
    elif kind == "map" and isinstance(value, dict):
        for key, item in value.items():
            _check_value(shape.value, item, f"{where}[{key!r}]", operation_model, problems)
    elif not _is_scalar(shape, value, operation_model):
        problems.append(f"{where} is {value!r}, which is no {kind}")
    elif kind == "string" and shape.enum and value not in shape.enum:
        problems.append(f"{where} is {value!r}, which is none of {shape.enum}")


def _is_scalar(shape, value, operation_model):
    kind = shape.type_name
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if kind in ("string", "blob"):
        return isinstance(value, str)
    if kind == "boolean":
        return isinstance(value, bool)
    if kind in ("integer", "long"):
        # Go refuses 1.0 for an integer, and Python tells the two apart as well.
        return isinstance(value, int) and is_number
    if kind in ("float", "double"):
        return is_number
    if kind == "timestamp":
        if _timestamp_format(shape, operation_model) == "iso8601":
            return isinstance(value, str) and bool(ISO_8601.fullmatch(value)) and bool(datetime.fromisoformat(value[:-1]))
        return is_number
    return False


def _timestamp_format(shape, operation_model):
    explicit = shape.serialization.get("timestampFormat")
    if explicit:
        return explicit
    # Only v1 has dates as numbers.
    return "unixtimestamp" if operation_model.service_model.service_name == "apigateway" else "iso8601"
