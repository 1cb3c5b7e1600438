#!/usr/bin/env python3
"""Writes asymmetric.json: requests signed with Signature Version 4A by AWS's own library, which the Rust tests verify.

    pip install awscrt==0.38.1 && python3 asymmetric.py > asymmetric.json

These signatures hold a random number, so that every run writes others.
"""

import datetime
import io
import json
import sys

from awscrt import auth, http

KEY_ID = "AKIDEXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
NOW = datetime.datetime(2015, 8, 30, 12, 36, 0, tzinfo=datetime.timezone.utc)
HOST = ("host", "abcde12345.execute-api.us-east-1.amazonaws.com")
TOKEN = "token"


def case(region_set, method="GET", target="/dev/pets", headers=(), body="", token=None, expires=None):
    form = auth.AwsSignatureType.HTTP_REQUEST_QUERY_PARAMS if expires else auth.AwsSignatureType.HTTP_REQUEST_HEADERS
    stream = io.BytesIO(body.encode()) if body else None
    config = auth.AwsSigningConfig(
        algorithm=auth.AwsSigningAlgorithm.V4_ASYMMETRIC,
        signature_type=form,
        credentials_provider=auth.AwsCredentialsProvider.new_static(KEY_ID, SECRET, token),
        region=region_set,
        service="execute-api",
        date=NOW,
        expiration_in_seconds=expires,
    )
    request = http.HttpRequest(method, target, http.HttpHeaders([HOST, *headers]), stream)
    signed = auth.aws_sign_request(request, config).result(10)
    path, _, query = signed.path.partition("?")
    headers = [[name.lower(), value] for name, value in signed.headers]
    return {"method": method, "path": path, "query": query, "headers": headers, "body": body, "token": token, "regions": region_set}


CASES = [
    case("us-east-1"),
    case("*", target="/dev/pets?b=2&a=1%20x"),
    case("us-east-1,eu-west-1", "POST", headers=[("content-type", "application/json")], body='{"a": 1}'),
    case("us-*", token=TOKEN),
    case("*", expires=3600),
    case("eu-*,us-east-1", target="/dev/pets?a=1", expires=60, token=TOKEN),
]

json.dump(CASES, sys.stdout, indent=1)
print()
