"""An OpenTelemetry collector that keeps what it is sent."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Collector:
    """Takes OTLP over HTTP in JSON. `refusals` is how many requests it answers with 503 first."""

    def __init__(self, refusals=0):
        self.requests = []
        self.refusals = refusals
        self._lock = threading.Lock()
        collector = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = collector._take(self.path, dict(self.headers), body)
                self.send_response(status)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *arguments):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def _take(self, path, headers, body):
        with self._lock:
            if self.refusals > 0:
                self.refusals -= 1
                return 503
            self.requests.append((path, headers, json.loads(body)))
            return 200

    def stop(self):
        self._server.shutdown()
        self._server.server_close()

    def _of(self, path):
        with self._lock:
            return [body for sent, _, body in self.requests if sent == path]

    def spans(self):
        return [
            span
            for body in self._of("/v1/traces")
            for resource in body["resourceSpans"]
            for scope in resource["scopeSpans"]
            for span in scope["spans"]
        ]

    def records(self):
        return [
            record
            for body in self._of("/v1/logs")
            for resource in body["resourceLogs"]
            for scope in resource["scopeLogs"]
            for record in scope["logRecords"]
        ]

    def metrics(self):
        """The last message's metrics, by name."""
        bodies = self._of("/v1/metrics")
        scopes = [scope for resource in bodies[-1]["resourceMetrics"] for scope in resource["scopeMetrics"]] if bodies else []
        return {metric["name"]: metric for scope in scopes for metric in scope["metrics"]}


def attributes(owner):
    """Attributes as a dictionary of texts."""
    return {each["key"]: next(iter(each["value"].values())) for each in owner["attributes"]}


def eventually(read, is_enough, seconds=15):
    """What `read` gives once it is enough."""
    deadline = time.monotonic() + seconds
    while True:
        value = read()
        if is_enough(value):
            return value
        assert time.monotonic() < deadline, value
        time.sleep(0.05)
