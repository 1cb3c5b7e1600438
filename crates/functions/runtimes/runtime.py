"""A client of the Lambda Runtime API for Python handlers: what Postern starts where awslambdaric is not installed.

It does what AWS's own does for a handler: the event parsed, a context object, the result as JSON, errors with type, message and stack.
Standard library only; started as `python3 -u runtime.py module.function`.
"""

import importlib
import json
import os
import sys
import time
import traceback
from http.client import HTTPConnection

BASE = "/2018-06-01/runtime/"


class Identity:
    """The caller's Cognito identity, which is never there."""

    cognito_identity_id = None
    cognito_identity_pool_id = None


class Client:
    """The mobile application that a client context names."""

    def __init__(self, client):
        self.installation_id = client.get("installation_id")
        self.app_title = client.get("app_title")
        self.app_version_name = client.get("app_version_name")
        self.app_version_code = client.get("app_version_code")
        self.app_package_name = client.get("app_package_name")


class ClientContext:
    """What the caller added with X-Amz-Client-Context."""

    def __init__(self, context):
        self.client = Client(context["client"]) if isinstance(context.get("client"), dict) else None
        self.custom = context.get("custom")
        self.env = context.get("env")


class LambdaContext:
    """The second argument of a handler."""

    def __init__(self, headers):
        self.aws_request_id = headers.get("Lambda-Runtime-Aws-Request-Id")
        self.invoked_function_arn = headers.get("Lambda-Runtime-Invoked-Function-Arn")
        self.function_name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME")
        self.function_version = os.environ.get("AWS_LAMBDA_FUNCTION_VERSION")
        self.memory_limit_in_mb = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.log_group_name = os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME")
        self.identity = Identity()
        context = headers.get("Lambda-Runtime-Client-Context")
        # A header is read as Latin-1, and was written as UTF-8.
        self.client_context = ClientContext(json.loads(context.encode("latin-1"))) if context else None
        self.tenant_id = None
        self._deadline_ms = int(headers.get("Lambda-Runtime-Deadline-Ms", "0"))

    def get_remaining_time_in_millis(self):
        return max(0, self._deadline_ms - int(time.time() * 1000))

    def log(self, message):
        sys.stdout.write(str(message))

    def __repr__(self):
        return f"LambdaContext([aws_request_id={self.aws_request_id},function_name={self.function_name}])"


class InitError(Exception):
    """A handler that cannot be loaded."""

    def __init__(self, error_type, message, stack=()):
        super().__init__(message)
        self.error_type = error_type
        self.stack = list(stack)


class Api:
    """One connection, kept open; a lost one is opened anew."""

    def __init__(self, address):
        self.address = address
        self.connection = HTTPConnection(address)

    def call(self, method, path, body=None, headers=None):
        self.connection.request(method, BASE + path, body, headers or {})
        response = self.connection.getresponse()
        return response, response.read()

    def next(self):
        try:
            return self.call("GET", "invocation/next")
        except ConnectionError:
            self.connection.close()
            self.connection = HTTPConnection(self.address)
            return self.call("GET", "invocation/next")

    def error(self, path, error):
        headers = {"Content-Type": "application/json", "Lambda-Runtime-Function-Error-Type": header_text(error["errorType"])}
        return self.call("POST", path, to_json(error), headers)


def header_text(text):
    # A class may have any name; the caller reads it as it is in the body.
    return "".join(character if " " <= character <= "~" else "?" for character in text)


def to_json(value):
    # As awslambdaric does: what is no JSON type is an error that names it, and NaN stays what Python writes.
    return json.dumps(value, ensure_ascii=False, default=not_serializable).encode("utf-8", "surrogatepass")


def not_serializable(value):
    # awslambdaric has numbers of boto3's DynamoDB resource as numbers.
    import decimal

    if isinstance(value, decimal.Decimal):
        return float(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def load(handler):
    module_name, _, function_name = handler.rpartition(".")
    if not module_name:
        raise InitError("Runtime.MalformedHandlerName", f"Bad handler '{handler}': not enough values to unpack (expected 2, got 1)")
    name = module_name.replace("/", ".")
    try:
        module = importlib.import_module(name)
    except ImportError as error:
        raise InitError("Runtime.ImportModuleError", f"Unable to import module '{module_name}': {error}") from error
    except SyntaxError as error:
        stack = [f'  File "{error.filename}" Line {error.lineno}\n    {(error.text or "").rstrip()}\n']
        raise InitError("Runtime.UserCodeSyntaxError", f"Syntax error in module '{module_name}': {error}", stack) from error
    try:
        return getattr(module, function_name)
    except AttributeError as error:
        raise InitError("Runtime.HandlerNotFound", f"Handler '{function_name}' missing on module '{module_name}'") from error


def error_object(error, own_frames):
    """An exception as the caller sees it, without the frames of this file."""
    frames = traceback.extract_tb(error.__traceback__)[own_frames:]
    return {"errorMessage": str(error), "errorType": type(error).__name__, "stackTrace": traceback.format_list(frames)}


def log_error(error):
    lines = [f"[ERROR] {error['errorType']}: {error['errorMessage']}"]
    if error.get("stackTrace"):
        lines.append("Traceback (most recent call last):")
        lines += [line.rstrip("\n") for line in error["stackTrace"]]
    print("\n".join(lines), flush=True)


def log_to_stdout():
    # The root logger has a handler on Lambda, so that a function's warnings are seen without any set-up.
    import logging

    handler = logging.StreamHandler(sys.stdout)
    handler.addFilter(current_request)
    handler.setFormatter(logging.Formatter("[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s\n", "%Y-%m-%dT%H:%M:%S"))
    handler.formatter.converter = time.gmtime
    handler.terminator = ""
    logging.getLogger().addHandler(handler)


REQUEST = {"id": ""}


def current_request(record):
    record.aws_request_id = REQUEST["id"]
    return True


def invoke(api, function, headers, event):
    request_id = headers["Lambda-Runtime-Aws-Request-Id"]
    REQUEST["id"] = request_id
    trace_id = headers.get("Lambda-Runtime-Trace-Id")
    if trace_id:
        os.environ["_X_AMZN_TRACE_ID"] = trace_id
    else:
        os.environ.pop("_X_AMZN_TRACE_ID", None)
    try:
        result = function(json.loads(event), LambdaContext(headers))
    except Exception as error:
        failure = error_object(error, own_frames=1)
        failure["requestId"] = request_id
        log_error(failure)
        api.error(f"invocation/{request_id}/error", failure)
        return
    try:
        body = result if isinstance(result, (bytes, bytearray)) else to_json(result)
    except Exception as error:
        failure = {"errorMessage": f"Unable to marshal response: {error}", "errorType": "Runtime.MarshalError", "requestId": request_id, "stackTrace": []}
        log_error(failure)
        api.error(f"invocation/{request_id}/error", failure)
        return
    sys.stdout.flush()
    sys.stderr.flush()
    response, answer = api.call("POST", f"invocation/{request_id}/response", body, {"Content-Type": "application/json"})
    if response.status >= 300:
        text = answer.decode("utf-8", "replace")
        raise SystemExit(f"[ERROR] Failed to post handler success response. Http response code: {response.status}. {text}")


def main():
    api = Api(os.environ["AWS_LAMBDA_RUNTIME_API"])
    handler = sys.argv[1]
    # The handler's modules are found from its directory, and not from that of this file.
    sys.path[0] = os.environ.get("LAMBDA_TASK_ROOT", os.getcwd())
    sys.argv = [sys.argv[0]]
    log_to_stdout()
    try:
        function = load(handler)
    except InitError as error:
        failure = {"errorMessage": str(error), "errorType": error.error_type, "requestId": "", "stackTrace": error.stack}
        log_error(failure)
        api.error("init/error", failure)
        sys.exit(1)
    except Exception as error:
        failure = error_object(error, own_frames=2)
        log_error(failure)
        api.error("init/error", failure)
        sys.exit(1)
    while True:
        response, event = api.next()
        if response.status != 200:
            # AWS's word for it: the container is going away.
            sys.exit(1)
        invoke(api, function, response.headers, event)


if __name__ == "__main__":
    main()
