#!/usr/bin/env python3
"""Writes vectors.json: requests signed by botocore, which the Rust tests verify and sign again.

    pip install botocore==1.44.5 && python3 vectors.py > vectors.json

The first group has the cases of AWS's published Signature Version 4 test suite (names, credentials, time, region and
service as published); the others cover what clients of API Gateway send. botocore takes a URL as already encoded, so a
case that is sent in an unusual spelling (`raw_query`) gives its parameters to botocore as `params`.
"""

import datetime
import json
import sys
from urllib.parse import urlsplit

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

KEY_ID = "AKIDEXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
NOW = datetime.datetime(2015, 8, 30, 12, 36, 0, tzinfo=datetime.timezone.utc)
SUITE_HOST = "example.amazonaws.com"
TOKEN = (
    "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8"
    "YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6f"
    "E8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj"
    "2ICCR/oLxBA=="
)

botocore.auth.get_current_datetime = lambda *_: NOW


def case(name, method="GET", path="/", raw_query="", params=None, headers=(), body="", token=None, service="service",
         region="us-east-1", host=SUITE_HOST, form="header", expires=None, unsigned=False, date_header=False):
    request = AWSRequest(method=method, url=f"https://{host}{path}" + (f"?{raw_query}" if raw_query else ""),
                         data=body.encode())
    if params is not None:
        request.url = f"https://{host}{path}"
        request.params = params
    # The plain URL's data type would otherwise add a content type of its own.
    for existing in list(request.headers.keys()):
        del request.headers[existing]
    request.headers["Host"] = host
    for key, value in headers:
        request.headers[key] = value
    if date_header:
        request.headers["Date"] = "replaced by the signer"
    if unsigned:
        request.context["payload_signing_enabled"] = False
    credentials = Credentials(KEY_ID, SECRET, token)
    if form == "header":
        signer = botocore.auth.SigV4Auth(credentials, service, region)
    else:
        signer = botocore.auth.SigV4QueryAuth(credentials, service, region, expires=expires)
    signer.add_auth(request)
    wire_headers = [[key, value] for key, value in request.headers.items()]
    result = {
        "name": name, "form": form, "method": method, "path": path, "query": raw_query,
        "headers": [["Host", host], *map(list, headers)], "body": body, "token": token, "service": service,
        "region": region, "unsigned_payload": unsigned, "date_header": date_header, "expires": expires,
        "signed_headers": wire_headers,
        "signed_query": raw_query if form == "header" else urlsplit(request.url).query,
    }
    signed = request.headers["Authorization"] if form == "header" else result["signed_query"]
    return {**result, "signature": signed.rsplit("Signature=", 1)[1]}


UNRESERVED = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
FORM = [("Content-Type", "application/x-www-form-urlencoded")]


def suite():
    yield case("get-vanilla")
    yield case("get-vanilla-query", raw_query="")
    yield case("get-vanilla-empty-query-key", raw_query="Param1=value1")
    yield case("get-vanilla-query-order-key", raw_query="Param1=value2&Param1=Value1")
    yield case("get-vanilla-query-order-key-case", raw_query="Param2=value2&Param1=value1")
    yield case("get-vanilla-query-order-value", raw_query="Param1=value2&Param1=value1")
    yield case("get-vanilla-query-unreserved", raw_query=f"{UNRESERVED}={UNRESERVED}")
    yield case("get-vanilla-utf8-query", raw_query="ሴ=bar", params=[("ሴ", "bar")])
    yield case("get-utf8", path="/ሴ")
    yield case("get-unreserved", path=f"/{UNRESERVED}")
    yield case("get-space", path="/example space/")
    yield case("get-relative", path="/example/..")
    yield case("get-relative-relative", path="/example1/example2/../..")
    yield case("get-slash", path="//")
    yield case("get-slash-dot-slash", path="/./")
    yield case("get-slash-pointless-dot", path="/./example")
    yield case("get-slashes", path="//example//")
    yield case("get-header-key-duplicate",
               headers=[("My-Header1", "value2"), ("My-Header1", "value2"), ("My-Header1", "value1")])
    # Sent folded over lines in the published suite; a folded value reaches a server as one line, or not at all.
    yield case("get-header-value-multiline", headers=[("My-Header1", "value1   value2      value3")])
    yield case("get-header-value-order", headers=[("My-Header1", v) for v in ("value4", "value1", "value3", "value2")])
    yield case("get-header-value-trim", headers=[("My-Header1", " value1"), ("My-Header2", ' "a   b   c"')])
    yield case("post-vanilla", method="POST")
    yield case("post-vanilla-empty-query-value", method="POST", raw_query="Param1=value1")
    yield case("post-vanilla-query", method="POST", raw_query="Param1=value1")
    yield case("post-header-key-case", method="POST")
    yield case("post-header-key-sort", method="POST", headers=[("My-Header1", "value1")])
    yield case("post-header-value-case", method="POST", headers=[("My-Header1", "VALUE1")])
    yield case("post-sts-header-before", method="POST", token=TOKEN)
    yield case("post-x-www-form-urlencoded", method="POST", headers=FORM, body="Param1=value1")
    yield case("post-x-www-form-urlencoded-parameters", method="POST",
               headers=[("Content-Type", "application/x-www-form-urlencoded; charset=utf8")], body="Param1=value1")


JSON = [("Content-Type", "application/json"), ("Accept", "application/json")]
ARN = "arn%3Aaws%3Aapigateway%3Aeu-west-1%3A%3A%2Frestapis%2Fa1b2c3"


def apigateway():
    local = {"service": "apigateway", "region": "eu-west-1", "host": "127.0.0.1:4566"}
    yield case("create-rest-api", "POST", "/restapis", headers=JSON, body='{"name":"pets"}', **local)
    yield case("get-rest-apis", path="/restapis", raw_query="limit=500&position=a%2Bb%3D%3D", headers=JSON, **local)
    yield case("get-methods-embedded", path="/restapis/a1/resources", raw_query="embed=methods&embed=x", **local)
    yield case("patch", "PATCH", "/restapis/a1", body='{"patchOperations":[]}', headers=JSON, **local)
    yield case("delete", "DELETE", "/restapis/a1", **local)
    yield case("put-import", "PUT", "/restapis/a1", raw_query="mode=overwrite&failonwarnings=true", body="{}", **local)
    yield case("import-flag-without-value", "POST", "/restapis", raw_query="mode=import&basepath",
               params=[("mode", "import"), ("basepath", "")], body="{}", **local)
    yield case("tags-of-an-arn", path=f"/tags/{ARN}", **local)
    yield case("untag", "DELETE", f"/tags/{ARN}", raw_query="tagKeys=a%20b&tagKeys=%C3%A4", **local)
    yield case("percent-none", path="/domainnames/x/basepathmappings/%28none%29", **local)
    yield case("plus-in-query", path="/restapis", raw_query="position=a+b", params=[("position", "a+b")], **local)
    yield case("lower-case-escapes", path="/restapis", raw_query="position=%3d%2f", params=[("position", "=/")], **local)
    yield case("unencoded-query", path="/restapis", raw_query="position=a:b/c,d", params=[("position", "a:b/c,d")],
               **local)
    yield case("session-token", path="/account", token=TOKEN, **local)
    yield case("user-agent-is-not-signed", path="/account", headers=[("User-Agent", "Boto3/1.40"), *JSON], **local)
    yield case("trace-id-is-not-signed", path="/account", headers=[("X-Amzn-Trace-Id", "Root=1-2-3")], **local)
    yield case("amz-headers", path="/account", headers=[("X-Amz-User-Agent", "aws-sdk-js/3"), ("amz-sdk-request",
               "attempt=1"), ("amz-sdk-invocation-id", "1f2e3d4c")], **local)
    yield case("unsigned-payload", "POST", "/restapis", headers=JSON, body='{"name":"x"}', unsigned=True, **local)
    yield case("date-header", path="/account", date_header=True, **local)
    yield case("body-utf8", "POST", "/restapis", headers=JSON, body='{"name":"Größe ሴ"}', **local)
    yield case("body-newlines", "PUT", "/restapis/a1", body="a\r\nb\n\n\0", **local)
    yield case("v2-create-api", "POST", "/v2/apis", headers=JSON, body='{"name":"h","protocolType":"HTTP"}', **local)
    yield case("other-region", path="/account", **{**local, "region": "us-gov-west-1"})
    yield case("tabs-in-a-header", path="/account", headers=[("X-Note", "\ta \t b\t")], **local)
    yield case("empty-header", path="/account", headers=[("X-Note", "")], **local)


def execute_api():
    api = {"service": "execute-api", "region": "us-west-2", "host": "a1b2c3.execute-api.us-west-2.amazonaws.com"}
    yield case("invoke", path="/prod/pets", raw_query="type=dog&type=cat", **api)
    yield case("invoke-post", "POST", "/prod/pets", headers=JSON, body='{"name":"Rex"}', **api)
    yield case("invoke-root", path="/prod/", **api)
    yield case("invoke-encoded-path", path="/prod/a%2Fb/c%20d/%E1%88%B4", **api)
    yield case("invoke-sub-delimiters", path="/prod/a!b$c&d'e(f)g*h+i,j;k=l:m@n", **api)
    yield case("invoke-token", path="/prod/pets", token=TOKEN, **api)
    yield case("invoke-unsigned-payload", "PUT", "/prod/upload", body="x" * 100, unsigned=True, **api)
    yield case("connections-post", "POST", "/prod/%40connections/L0SM9cOFvHcCIhw%3D", body="hello", **api)
    yield case("connections-delete", "DELETE", "/prod/%40connections/L0SM9cOFvHcCIhw%3D", **api)
    yield case("options", "OPTIONS", "/prod/pets", headers=[("Origin", "https://a.example")], **api)
    yield case("custom-method", "REPORT", "/prod/pets", **api)


def presigned():
    api = {"service": "execute-api", "host": "a1b2c3.execute-api.us-west-2.amazonaws.com", "form": "query"}
    management = {"service": "apigateway", "region": "eu-west-1", "host": "127.0.0.1:4566", "form": "query"}
    yield case("presigned", path="/prod/pets", expires=60, **api)
    yield case("presigned-week", path="/prod/pets", expires=604800, **api)
    yield case("presigned-second", path="/prod/pets", expires=1, **api)
    yield case("presigned-query", path="/prod/pets", raw_query="b=2&a=1", expires=300, **api)
    yield case("presigned-query-encoded", path="/prod/pets", raw_query="q=a%20b%2Bc%2F%E1%88%B4&z=", expires=300, **api)
    yield case("presigned-token", path="/prod/pets", token=TOKEN, expires=300, **api)
    yield case("presigned-header", path="/prod/pets", headers=[("X-Tenant", "blue  green")], expires=300, **api)
    yield case("presigned-encoded-path", path="/prod/a%2Fb/%E1%88%B4", expires=300, **api)
    yield case("presigned-websocket", path="/prod", expires=300, **api)
    yield case("presigned-export", path="/restapis/a1/stages/prod/exports/oas30",
               raw_query="extensions=apigateway", expires=900, **management)
    yield case("presigned-account", path="/account", expires=900, **management)
    yield case("presigned-delete", "DELETE", "/restapis/a1", expires=900, **management)


def main():
    groups = {"suite": suite(), "apigateway": apigateway(), "execute-api": execute_api(), "presigned": presigned()}
    vectors = {group: list(cases) for group, cases in groups.items()}
    json.dump(vectors, sys.stdout, indent=1, ensure_ascii=False)
    print()


if __name__ == "__main__":
    main()
