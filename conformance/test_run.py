"""`postern run`: files in, routes out, and nothing left."""

import json
import os
import pathlib
import queue
import re
import shutil
import signal
import subprocess
import threading
import time
import urllib.request

import pytest

from server import clean_environment
from test_tour import blocks

DATA = pathlib.Path(__file__).parent / "data" / "run"
SECONDS_MAX = 60
FREE_PORTS = ["--management", "127.0.0.1:0", "--http", "127.0.0.1:0"]


class Run:
    """A run in a folder of its own, with a temporary directory of its own."""

    def __init__(self, folder, *arguments):
        self.temporary = folder / "tmp"
        self.temporary.mkdir(exist_ok=True)
        quiet = {"POSTERN_LOG_ACCESS": "off", "POSTERN_LOG_LEVEL": "error"}
        self.process = subprocess.Popen(
            [os.environ["POSTERN_BIN"], "run", *arguments, *FREE_PORTS],
            cwd=folder,
            env={**clean_environment(), **quiet, "TMPDIR": str(self.temporary)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines = {"out": queue.Queue(), "err": queue.Queue()}
        for name, stream in (("out", self.process.stdout), ("err", self.process.stderr)):
            threading.Thread(target=self._read, args=(stream, self.lines[name]), daemon=True).start()

    @staticmethod
    def _read(stream, lines):
        for line in stream:
            lines.put(line.rstrip("\n"))

    def until(self, stream, pattern):
        """Lines up to the one that has the pattern."""
        seen = []
        end = time.monotonic() + SECONDS_MAX
        while time.monotonic() < end:
            try:
                seen.append(self.lines[stream].get(timeout=0.2))
            except queue.Empty:
                assert self.process.poll() is None, f"it ended; {seen}; {list(self.lines['err'].queue)}"
                continue
            if re.search(pattern, seen[-1]):
                return seen
        raise AssertionError(f"no {pattern!r} in {seen}; {list(self.lines['err'].queue)}")

    def url(self, verb, path):
        """The URL of a route, as it is printed."""
        line = self.until("out", rf"^  {verb} +http://\S*/dev{re.escape(path)}( |$)")[-1]
        return line.split()[1]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(SECONDS_MAX)
        assert list(self.temporary.iterdir()) == [], "the directory of the run is still there"
        return code


@pytest.fixture
def run(tmp_path):
    shutil.copytree(DATA, tmp_path, dirs_exist_ok=True)
    runs = []

    def start(*arguments):
        runs.append(Run(tmp_path, *arguments))
        return runs[-1]

    yield start
    for one in runs:
        one.process.kill()
        one.process.wait()


def fetch(url, method="GET", body=None):
    headers = {"Content-Type": "application/json"} if body else {}
    request = urllib.request.Request(url, data=body, method=method, headers=headers)
    with urllib.request.urlopen(request, timeout=SECONDS_MAX) as answer:
        return answer.status, answer.headers["Content-Type"], answer.read().decode()


def test_a_pet_store_answers_with_its_examples(run):
    shop = run("petstore.yaml")
    assert shop.until("out", "")[0].startswith("postern ready management=http://127.0.0.1:")
    seen = shop.until("out", "MOCK that answers with examples")
    assert seen[0].startswith("petstore.yaml: stage dev of REST API ")
    pets = shop.url("GET", "/pets")
    assert json.loads(fetch(pets)[2]) == [{"id": 1, "type": "dog", "price": 249.99}, {"id": 2, "type": "cat", "price": 124.99}]
    status, content_type, body = fetch(pets, "POST", b'{"type": "cat", "price": 1}')
    assert (status, content_type, json.loads(body)) == (201, "application/json", {"id": 1, "type": "dog", "price": 25})
    assert json.loads(fetch(f"{pets}/7")[2]) == {"id": 1, "type": "dog", "price": 25}
    assert shop.stop() == 0


def test_json_is_read_too_and_another_stage_served(run, tmp_path):
    responses = {"200": {"description": "", "schema": {"type": "boolean"}}}
    document = {"swagger": "2.0", "info": {"title": "Plain", "version": "1"}, "paths": {"/x": {"get": {"responses": responses}}}}
    (tmp_path / "plain.json").write_text(json.dumps(document))
    both = run("plain.json", "petstore.yaml", "--stage", "prod")
    url = both.until("out", "/prod/x$")[-1].split()[1]
    assert fetch(url) == (200, "application/json", "true")
    both.until("out", r"^petstore.yaml: stage prod of REST API ")
    assert fetch(both.until("out", "GET .*/prod/pets$")[-1].split()[1])[0] == 200


def test_references_to_files_are_followed(run):
    pieces = run("pieces.yaml")
    _, _, body = fetch(pieces.url("GET", "/orders"))
    order = {"id": "00000000-0000-0000-0000-000000000000", "note": "costs $5 #cheap ${today}", "lines": [{"count": 2}]}
    assert json.loads(body) == order


def refused(folder, *arguments):
    done = subprocess.run(
        [os.environ["POSTERN_BIN"], "run", *arguments, *FREE_PORTS],
        cwd=folder,
        env=clean_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    return done.stderr


HEAD = "openapi: 3.0.0\ninfo: {title: a, version: '1'}\npaths:\n"
MOCK = "x-amazon-apigateway-integration: {type: MOCK}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("openapi: 3.0.0\ninfo: {title: a\npaths: {}\n", "a.yaml:3:"),
        ('{"openapi": "3.0.0",\n "info": }', "a.yaml:2:10: expected value"),
        (HEAD + "  /a: {$ref: 'gone.yaml#/a'}\n", "a.yaml:4:14: $ref 'gone.yaml#/a': gone.yaml cannot be read"),
        (HEAD + "  /a: {$ref: '../a.yaml#/a'}\n", "a.yaml:4:14: $ref '../a.yaml#/a': ../a.yaml is not below "),
        (HEAD + "  /a: {$ref: '#/paths/~1a'}\n", "a.yaml:4:14: $ref '#/paths/~1a' leads back to itself"),
        (HEAD + "  /a:\n    get: {" + MOCK + "}\n    put: {}\n", "a.yaml:6:10: No integration defined for method"),
        (HEAD + "  /a:\n    get:\n      x-amazon-apigateway-integration:\n        type: MOKC\n", "a.yaml:7:15: Unable to put integration"),
        (HEAD + "  /a: {get: {}}\n  a: {}\n", "a.yaml:5:6: Unable to create resource at path 'a'"),
    ],
)
def test_what_is_wrong_is_shown_with_its_place(tmp_path, text, said):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.yaml").write_text(text)
    (tmp_path / "a.yaml").write_text("a: {}\n")
    assert said in refused(folder, "a.yaml")


def test_routes_that_cannot_be_served_are_named(run, tmp_path):
    uri = "arn:aws:apigateway:us-east-1:firehose:action/PutRecord"
    credentials = "arn:aws:iam::000000000000:role/records"
    integration = json.dumps({"type": "AWS_PROXY", "httpMethod": "POST", "uri": uri, "credentials": credentials, "responseTransferMode": "STREAM"})
    (tmp_path / "a.yaml").write_text(f"{HEAD}  /a:\n    get: {{x-amazon-apigateway-integration: {integration}}}\n")
    line = run("a.yaml").until("out", "/dev/a ")[-1]
    assert "cannot be served: 501 GET /a is not implemented yet: " in line and "responseTransferMode STREAM" in line


def test_a_change_is_served_and_a_broken_one_is_not(run, tmp_path):
    shop = run("petstore.yaml", "pieces.yaml", "--watch")
    pets = shop.url("GET", "/pets")
    orders = shop.url("GET", "/orders")
    file = tmp_path / "petstore.yaml"
    good = file.read_text()
    file.write_text(good.replace("249.99", "1.5"))
    shop.until("out", "^petstore.yaml changed")
    assert shop.until("out", "GET /pets$")[-1] == "  ~ GET /pets"
    shop.until("out", "/dev/pets$")
    assert json.loads(fetch(pets)[2])[0]["price"] == 1.5
    file.write_text(good + "  broken: [\n")
    shop.until("err", r"petstore\.yaml:\d+:\d+: ")
    shop.until("err", "still serving the last good version")
    assert json.loads(fetch(pets)[2])[0]["price"] == 1.5
    file.write_text(good.replace("  /pets/{petId}:", "  /animals/{petId}:"))
    shop.until("out", r"\+ GET /animals/\{petId\}")
    shop.until("out", r"- GET /pets/\{petId\}")
    piece = tmp_path / "schemas" / "order.json"
    piece.write_text(piece.read_text().replace('"minimum": 2', '"minimum": 5'))
    shop.until("out", "^pieces.yaml changed")
    shop.until("out", "/dev/orders$")
    assert json.loads(fetch(orders)[2])["lines"] == [{"count": 5}]
    assert shop.stop() == 0


def test_the_readme_begins_with_this_pet_store():
    assert "postern -- run conformance/data/run/petstore.yaml" in blocks("run", "sh")
