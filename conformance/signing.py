"""Signed requests whose every part a test can choose, with botocore as the signer."""

import datetime
from unittest import mock
from urllib.parse import urlsplit

import botocore.auth
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

import wire
from server import REGION


def signed_headers(server, method, target, body=b"", headers=None, credentials=None, region=REGION, service="apigateway", when=None):
    """The header fields of a signed request, `host` included."""
    request = _request(server, method, target, body, headers)
    with _clock(when):
        SigV4Auth(Credentials(*(credentials or server.credentials())), service, region).add_auth(request)
    return {"Host": urlsplit(server.management).netloc, **dict(request.headers.items())}


def presigned_target(server, target, expires=60, credentials=None, region=REGION, service="apigateway", when=None):
    """Path and query of a presigned GET."""
    request = _request(server, "GET", target, b"", None)
    with _clock(when):
        SigV4QueryAuth(Credentials(*(credentials or server.credentials())), service, region, expires=expires).add_auth(request)
    url = urlsplit(request.url)
    return f"{url.path}?{url.query}"


def send(server, method, target, body=b"", headers=None, **signing):
    """Signs and sends."""
    fields = signed_headers(server, method, target, body, headers, **signing)
    return wire.request(server.management, method, target, fields, body if body or method in ("POST", "PUT", "PATCH") else None)


def _request(server, method, target, body, headers):
    return AWSRequest(method=method, url=server.management + target, data=body, headers=headers or {})


def _clock(when):
    """Botocore asks a function for the time; `when` is an aware datetime, or None for now."""
    fixed = (when or datetime.datetime.now(datetime.timezone.utc)).replace(tzinfo=None)

    def current_datetime(remove_tzinfo=True):
        return fixed if remove_tzinfo else fixed.replace(tzinfo=datetime.timezone.utc)

    return mock.patch.object(botocore.auth, "get_current_datetime", current_datetime)
