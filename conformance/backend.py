"""A real HTTP backend that says what reached it, and misbehaves on request.

| path | answer |
| --- | --- |
| `/status/{code}` | that status, otherwise the echo |
| `/delay/{milliseconds}` | the echo, after that time |
| `/bytes/{count}` | that many bytes with a Content-Length |
| `/chunked/{count}` | that many chunks `chunk {n}` without a length |
| `/respond?Name=value` | an answer with those header fields |
| `/payload/{hex}?Name=value` | those bytes with those header fields |
| `/broken/{kind}` | see `BROKEN` |
| anything else | the echo: method, path, query, headers and body as JSON |
"""

import base64
import json
import socket
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

# What a backend may do wrong, as the bytes it sends before it closes the connection; an empty one is a close without a word.
BROKEN = {
    "close": b"",
    "garbage": b"\x00\x01\x02 this is not HTTP\r\n\r\n",
    "bad-status": b"HTTP/1.1 abc OK\r\nContent-Length: 0\r\n\r\n",
    "half-head": b"HTTP/1.1 200 OK\r\nContent-Ty",
    "half-body": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this",
    "half-chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20\r\nonly this",
    "no-last-chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nthis\r\n",
    "bad-chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nthis\r\n0\r\n\r\n",
    "two-lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nthis!",
    "bad-length": b"HTTP/1.1 200 OK\r\nContent-Length: -4\r\n\r\nthis",
    "length-and-chunked": b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nthis\r\n0\r\n\r\n",
    "folded": b"HTTP/1.1 200 OK\r\nX-Folded: a\r\n b\r\nContent-Length: 4\r\n\r\nthis",
    "bare-cr": b"HTTP/1.1 200 OK\r\nX-Bare: a\rX-Injected: b\r\nContent-Length: 4\r\n\r\nthis",
    "unasked-101": b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
}


class Backend:
    """The server in a thread; `requests` are those that reached it, oldest first."""

    def __init__(self, port=0):
        self._lock = threading.Lock()
        self._requests = []
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.backend = self
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def requests(self):
        with self._lock:
            return list(self._requests)

    def forget(self):
        with self._lock:
            self._requests.clear()

    def record(self, echo):
        with self._lock:
            self._requests.append(echo)

    def stop(self):
        """Closes everything, connections that are kept alive included."""
        self._server.shutdown()
        self._server.server_close()
        self._server.close_connections()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512
    # The threads are daemons, which nobody waits for.
    block_on_close = False
    backend = None

    def __init__(self, *arguments):
        self._connections = set()
        super().__init__(*arguments)

    def process_request(self, request, client_address):
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request):
        self._connections.discard(request)
        super().shutdown_request(request)

    def close_connections(self):
        for connection in list(self._connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # Closed by the other side already.

    def handle_error(self, request, client_address):
        """A client that goes away is part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def __getattr__(self, name):
        # Any verb at all.
        if name.startswith("do_"):
            return self.answer
        raise AttributeError(name)

    def log_message(self, *_):
        """Silent: pytest shows what a failing test says, not every request."""

    def answer(self):
        target = urlsplit(self.path)
        body = self._read_body()
        echo = {
            "method": self.command,
            "path": target.path,
            "query": target.query,
            "headers": [[name, value] for name, value in self.headers.items()],
            "body": _text_or_base64(body),
            "bodyBytes": len(body),
        }
        self.server.backend.record(echo)
        kind, _, argument = target.path.strip("/").partition("/")
        if kind == "broken":
            return self._break_off(argument)
        if kind == "bytes":
            return self._send(200, "application/octet-stream", b"x" * int(argument))
        if kind == "chunked":
            return self._send_chunked(int(argument))
        if kind == "respond":
            return self._send(200, "application/json", json.dumps(echo).encode(), parse_qsl(target.query))
        if kind == "payload":
            return self._send(200, "application/octet-stream", bytes.fromhex(argument), parse_qsl(target.query))
        if kind == "delay":
            time.sleep(int(argument) / 1000)
        status = int(argument) if kind == "status" else 200
        return self._send(status, "application/json", json.dumps(echo).encode())

    def _read_body(self):
        if "chunked" not in self.headers.get("Transfer-Encoding", "").lower():
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return body

    def _send(self, status, content_type, body, fields=()):
        self.send_response(status)
        if not any(name.lower() == "content-type" for name, _ in fields):
            self.send_header("Content-Type", content_type)
        for name, value in fields:
            self.send_header(name, value)
        has_body = status not in (204, 304)
        if has_body:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if has_body and self.command != "HEAD":
            self.wfile.write(body)

    def _send_chunked(self, count):
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for number in range(count):
            chunk = f"chunk {number}\n".encode()
            self.wfile.write(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")
        self.wfile.write(b"0\r\n\r\n")

    def _break_off(self, kind):
        self.close_connection = True
        if kind == "reset":
            # Lingering for no time makes the close a reset.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif kind == "hang":
            time.sleep(5)
        else:
            self.connection.sendall(BROKEN[kind])
        self.connection.close()


def _text_or_base64(body):
    try:
        return body.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(body).decode()}
