"""Client of {{title}}. Generated: do not edit, generate it again."""

import datetime
import hashlib
import hmac
import json
import urllib.error
import urllib.parse
import urllib.request

INVOKE_URL = {{invoke_url}}
REGION = {{region}}
TIMEOUT_SECONDS = 30
_SERVICE = "execute-api"
_AWS_IAM = "AWS_IAM"
_NONE = "NONE"


class Response:
    """What came back."""

    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def data(self):
        """The body read as JSON; its text if it is none."""
        text = self.body.decode("utf-8", "replace")
        try:
            return json.loads(text)
        except ValueError:
            return text


class ApiError(Exception):
    """The API answered with a status of 400 or above."""

    def __init__(self, response):
        super().__init__("the API answered with status %d" % response.status)
        self.status = response.status
        self.headers = response.headers
        self.body = response.body
        self.data = response.data


class Client:
    """Calls the methods of the stage. All settings are optional: see README.md."""

    def __init__(
        self,
        invoke_url=INVOKE_URL,
        *,
        api_key=None,
        access_key=None,
        secret_key=None,
        session_token=None,
        region=REGION,
        timeout=TIMEOUT_SECONDS,
    ):
        self._invoke_url = _checked_url(invoke_url)
        self._api_key = api_key
        self._credentials = (access_key, secret_key, session_token)
        self._region = region
        self._timeout = timeout
        self._opener = urllib.request.build_opener(_NoRedirects)
{{methods}}
    def _call(self, verb, path, query, headers, body, more_headers, more_query, auth):
        verb = verb.upper()
        pairs = _pairs(query) + _pairs((more_query or {}).items())
        fields = {"accept": "application/json"}
        if self._api_key:
            fields["x-api-key"] = self._api_key
        given = _pairs(headers) + _pairs((more_headers or {}).items())
        fields.update((name.lower(), value) for name, value in given)
        data = _bytes_of(body)
        if data is not None:
            fields.setdefault("content-type", "application/json")
        search = "&".join(_encode(name) + "=" + _encode(value) for name, value in pairs)
        address = urllib.parse.urlsplit(self._invoke_url)
        target = address.path + "".join(path)
        fields["host"] = address.netloc
        if auth == _AWS_IAM:
            _sign(self._credentials, self._region, verb, target, pairs, fields, data or b"")
        url = address.scheme + "://" + address.netloc + target + ("?" + search if search else "")
        request = urllib.request.Request(url, data, fields, method=verb)
        try:
            with self._opener.open(request, timeout=self._timeout) as answer:
                return Response(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as error:
            with error:
                response = Response(error.code, error.headers, error.read())
        if response.status < 400:
            return response
        raise ApiError(response)


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    # A redirect could take keys and signatures to another host.
    def redirect_request(self, *_):
        return None


def _checked_url(text):
    url = urllib.parse.urlsplit(text)
    if url.scheme not in ("http", "https") or not url.netloc or "@" in url.netloc or url.query or url.fragment:
        raise ValueError("invoke_url must be a URL of http or https without user, query and fragment")
    return text.rstrip("/")


def _text(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _pairs(values):
    found = []
    for name, value in values:
        if value is None:
            continue
        many = value if isinstance(value, (list, tuple)) else [value]
        found.extend((name, _text(one)) for one in many)
    return found


def _needed(name, value):
    if value is None:
        raise ValueError("the parameter %s is needed" % name)
    return value


def _segment(name, value):
    return _path(name, [_text(value)], value)


def _segments(name, value):
    return _path(name, _text(value).split("/"), value)


def _path(name, parts, value):
    # Servers and proxies resolve these, which would call another path.
    if value is None or value == "" or any(part in (".", "..") for part in parts):
        raise ValueError("the path parameter %s cannot be %r" % (name, value))
    return "/".join(_encode(part) for part in parts)


def _encode(text):
    return urllib.parse.quote(text, safe="-_.~")


def _bytes_of(body):
    if body is None or isinstance(body, bytes):
        return body
    return (body if isinstance(body, str) else json.dumps(body)).encode("utf-8")


def _sign(credentials, region, verb, target, pairs, fields, data):
    """Signature Version 4 over the host, the x-amz-* headers and the body."""
    access_key, secret_key, session_token = credentials
    if not access_key or not secret_key:
        raise ValueError("this method is signed: give access_key and secret_key to Client")
    time = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    fields["x-amz-date"] = time
    if session_token:
        fields["x-amz-security-token"] = session_token
    names = sorted(name for name in fields if name == "host" or name.startswith("x-amz-"))
    parts = [part for part in target.split("/") if part]
    path = "/" + "/".join(_encode(part) for part in parts) + ("/" if parts and target.endswith("/") else "")
    canonical = "\n".join(
        [
            verb,
            path,
            "&".join("%s=%s" % pair for pair in sorted((_encode(name), _encode(value)) for name, value in pairs)),
            "".join("%s:%s\n" % (name, " ".join(fields[name].split())) for name in names),
            ";".join(names),
            hashlib.sha256(data).hexdigest(),
        ]
    )
    scope = [time[:8], region, _SERVICE, "aws4_request"]
    text = "\n".join(["AWS4-HMAC-SHA256", time, "/".join(scope), hashlib.sha256(canonical.encode("utf-8")).hexdigest()])
    key = ("AWS4" + secret_key).encode("utf-8")
    for part in scope + [text]:
        key = hmac.new(key, part.encode("utf-8"), hashlib.sha256).digest()
    fields["authorization"] = "AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s" % (
        access_key,
        "/".join(scope),
        ";".join(names),
        key.hex(),
    )
