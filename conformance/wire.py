"""Plain HTTP, with nothing tidied up on the way: paths, hosts and header fields go out as given."""

import http.client
import json
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 60


@dataclass
class Answer:
    """A response as it came."""

    status: int
    headers: list
    body: bytes

    def header(self, name):
        """The one field of that name, or None; two are an error."""
        values = [value for field, value in self.headers if field.lower() == name.lower()]
        assert len(values) <= 1, f"{name} came {len(values)} times: {values}"
        return values[0] if values else None

    def json(self):
        return json.loads(self.body)


def request(base, method, target, headers=(), body=None, host=None):
    """One request on a connection of its own. `target` goes out undecoded; `headers` are pairs and may repeat."""
    address = urlsplit(base)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=TIMEOUT_SECONDS)
    try:
        connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        pairs = list(headers.items()) if isinstance(headers, dict) else list(headers)
        names = {name.lower() for name, _ in pairs}
        if "host" not in names:
            connection.putheader("Host", host or address.netloc)
        if body is not None and not names & {"content-length", "transfer-encoding"}:
            connection.putheader("Content-Length", str(len(body)))
        for name, value in pairs:
            connection.putheader(name, value)
        connection.endheaders(body)
        response = connection.getresponse()
        return Answer(response.status, response.getheaders(), response.read())
    finally:
        connection.close()


def api_host(api_id, region="us-east-1"):
    return f"{api_id}.execute-api.{region}.amazonaws.com"


def invoke(server, api_id, stage, path="/", method="GET", headers=(), body=None, form="host"):
    """Calls a deployed API in one of its three forms: `host`, `aws` or `user_request`."""
    if form == "host":
        return request(server.http, method, f"/{stage}{path}", headers, body, host=api_host(api_id))
    prefixes = {
        "aws": f"/_aws/execute-api/{api_id}/{stage}",
        "user_request": f"/restapis/{api_id}/{stage}/_user_request_",
    }
    return request(server.http, method, prefixes[form] + path, headers, body)


def raw(base, data, timeout=10):
    """Sends bytes and returns everything that comes back until the other side closes or nothing more comes."""
    address = urlsplit(base)
    received = b""
    with socket.create_connection((address.hostname, address.port), timeout=timeout) as connection:
        try:
            connection.sendall(data)
            while chunk := connection.recv(65536):
                received += chunk
        except (TimeoutError, ConnectionResetError, BrokenPipeError):
            pass
    return received
