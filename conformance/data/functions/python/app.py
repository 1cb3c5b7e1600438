"""Handlers as they would run on AWS, good and hostile."""

import ctypes
import json
import os
import subprocess
import sys
import time

SIX_MB = 6 * 1024 * 1024
STARTED = time.monotonic()


def echo(event, context):
    """What a handler can see."""
    print("a line of", os.environ["AWS_LAMBDA_FUNCTION_NAME"])
    return {
        "event": event,
        "request_id": context.aws_request_id,
        "arn": context.invoked_function_arn,
        "remaining_ms": context.get_remaining_time_in_millis(),
        "memory_mb": context.memory_limit_in_mb,
        "client_context": getattr(context.client_context, "custom", None),
        "pid": os.getpid(),
        "environment": {name: value for name, value in os.environ.items() if name.startswith(("AWS_", "POSTERN_", "MINE"))},
        "runtime": sys.modules["__main__"].__spec__.name if sys.modules["__main__"].__spec__ else sys.argv[0],
    }


def proxy(event, context):
    """Behind AWS_PROXY."""
    return {"statusCode": 200, "body": json.dumps({"hello": event["path"], "by": "python"})}


def fail(event, context):
    raise ValueError(event["why"])


def hang(event, context):
    time.sleep(3600)


def sleep(event, context):
    time.sleep(event["seconds"])
    return event


def leave(event, context):
    os._exit(7)


def crash(event, context):
    ctypes.string_at(0)


def garbage(event, context):
    sys.stdout.buffer.write(bytes(range(256)) * 4096)
    sys.stdout.buffer.flush()
    sys.stderr.write("x" * 300_000)
    return {"after": "garbage"}


def large(event, context):
    # With the quotes one byte more than fits: the Runtime API takes 6 MiB and 100 bytes.
    return "x" * (SIX_MB + 99 + event.get("less", 0))


def leak(event, context):
    kept = []
    try:
        while len(kept) < 20_000:
            kept.append(os.open("/dev/null", os.O_RDONLY))
    except OSError as error:
        return {"kept": len(kept), "error": error.errno}
    return {"kept": len(kept)}


def fork(event, context):
    """Leaves a process in a session of its own, as a daemon would."""
    left = subprocess.Popen(["sleep", "3600"], start_new_session=True, stdin=subprocess.DEVNULL)
    return {"pid": os.getpid(), "left": left.pid}


def count(event, context):
    """Fails as often as it is told, and writes down each try."""
    with open(event["file"], "a", encoding="utf-8") as tries:
        tries.write("tried\n")
    raise RuntimeError("not this time")


def authorize(event, context):
    """A Lambda authorizer: the token says what it answers. Each call is written down, so that kept answers can be told."""
    if os.environ.get("CALLS"):
        with open(os.environ["CALLS"], "a", encoding="utf-8") as calls:
            calls.write(json.dumps(event) + "\n")
    token = event.get("authorizationToken") or event["headers"].get("X-Id", "")
    if token.startswith("unauthorized"):
        raise Exception("Unauthorized")
    if token.startswith("nonsense"):
        return {"isAuthorized": True}
    statement = {
        "Action": "execute-api:Invoke",
        "Effect": "Deny" if token.startswith("deny") else "Allow",
        "Resource": event["methodArn"] if token.startswith("narrow") else "*",
    }
    answer = {
        "principalId": f"user of {token}",
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": {"tenant": "acme", "number": 1, "flag": True},
    }
    if token.startswith("key "):
        answer["usageIdentifierKey"] = token.removeprefix("key ")
    return answer


def identity(event, context):
    """Behind AWS_PROXY: what it is told of the caller."""
    return {"statusCode": 200, "body": json.dumps(event["requestContext"].get("authorizer"))}
