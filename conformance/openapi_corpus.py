"""OpenAPI documents that others wrote: fetched from the packages that hold them, and made ready to be served.

`openapi_corpus.json` lists them. None is kept in the repository. To fetch them all, or to see the checksums of a new package:

    python conformance/openapi_corpus.py DIRECTORY
"""

import hashlib
import json
import pathlib
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from functools import cached_property

# With awscli, which the requirements pin.
import yaml

LIST = pathlib.Path(__file__).with_name("openapi_corpus.json")
FETCH_SECONDS_MAX = 120
# One more try at once: tests that need a package are skipped without it, and must not wait for minutes.
NPM_OPTIONS = ["--silent", "--ignore-scripts", "--fetch-retries=1", "--fetch-retry-mintimeout=1000"]
VERBS = ("get", "put", "post", "delete", "options", "head", "patch")
# References that follow on each other; more is a circle.
REFERENCES_MAX = 16


class Unreachable(Exception):
    """A package could not be fetched."""


class Changed(Exception):
    """A package does not hold what the list says."""


@dataclass(frozen=True)
class Listed:
    """A document of the list."""

    package: str
    version: str
    path: str
    kind: str
    format: str
    size: int
    sha256: str
    # What the refusal says first, and why that is right; none when it is imported and deployed.
    refused: str | None = None
    reason: str | None = None

    @property
    def name(self):
        return f"{self.package}/{self.path}"


def listed():
    """Every document of the list."""
    packages = json.loads(LIST.read_text())["packages"]
    return [
        Listed(package["name"], package["version"], **document) for package in packages for document in package["documents"]
    ]


class Cache:
    """Packages in a directory, each fetched once."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)

    def bytes_of(self, document):
        """A document's bytes, which are those of the list."""
        content = self._open(document.package, document.version)[document.path]
        if hashlib.sha256(content).hexdigest() != document.sha256:
            raise Changed(f"{document.name} of version {document.version} is not the document that the list means")
        return content

    def fetch(self, package, version):
        """Fetches a package by npm, unless it is there."""
        archive = self._archive(package, version)
        if archive.exists():
            return
        npm = shutil.which("npm")
        if npm is None:
            raise Unreachable("npm is not installed")
        arriving = archive.with_suffix(".arriving")
        arriving.mkdir(parents=True, exist_ok=True)
        command = [npm, "pack", f"{package}@{version}", *NPM_OPTIONS, "--pack-destination", str(arriving)]
        try:
            subprocess.run(
                command, check=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=FETCH_SECONDS_MAX, cwd=arriving
            )
            (arrived,) = arriving.glob("*.tgz")
            # Whole or not at all: a run that is interrupted leaves no half of a package.
            arrived.rename(archive)
        except (subprocess.SubprocessError, ValueError) as error:
            raise Unreachable(f"npm cannot fetch {package}@{version}: {error}") from error
        finally:
            shutil.rmtree(arriving, ignore_errors=True)

    def _archive(self, package, version):
        return self.directory / f"{package.strip('@').replace('/', '-')}-{version}.tgz"

    def _open(self, package, version):
        return _members(self._archive(package, version))


_opened = {}


def _members(archive):
    """The listed documents of an archive, by their path."""
    if archive not in _opened:
        wanted = {document.path for document in listed()}
        found = {}
        with tarfile.open(archive) as members:
            for member in members:
                path = member.name.partition("/")[2]
                if path in wanted and member.isfile():
                    found[path] = members.extractfile(member).read()
        _opened[archive] = found
    return _opened[archive]


class Prepared:
    """A document in which every operation has an integration of its own that answers with the operation's number."""

    def __init__(self, content, form):
        self.document = json.loads(content) if form == "json" else _from_yaml(content)
        self.operations = 0
        for item in (self.document.get("paths") or {}).values():
            for operation in self._operations_of(item).values():
                self._answer(operation)

    @cached_property
    def bytes(self):
        return json.dumps(self.document).encode()

    def routes(self):
        """(path, verb, number that it answers with), once for each that can be asked for."""
        for path, item in (self.document.get("paths") or {}).items():
            for verb, operation in self._operations_of(item).items():
                answer = operation["x-amazon-apigateway-integration"]["responses"]["default"]
                yield path, verb.upper(), json.loads(answer["responseTemplates"]["application/json"])["operation"]

    def _operations_of(self, item):
        item = self._resolved(item)
        return {verb: item[verb] for verb in VERBS if isinstance(item.get(verb), dict)}

    def _answer(self, operation):
        # An operation that two paths refer to is one operation.
        if "x-amazon-apigateway-integration" in operation:
            return
        self.operations += 1
        template = json.dumps({"operation": self.operations})
        operation["responses"] = {"200": {"description": "OK"}, **(operation.get("responses") or {})}
        operation["x-amazon-apigateway-integration"] = {
            "type": "mock",
            "requestTemplates": {"application/json": '{"statusCode": 200}'},
            "responses": {"default": {"statusCode": "200", "responseTemplates": {"application/json": template}}},
        }

    def _resolved(self, item):
        for _ in range(REFERENCES_MAX):
            reference = item.get("$ref") if isinstance(item, dict) else None
            if reference is None or not reference.startswith("#/"):
                break
            item = self.document
            for part in reference[2:].split("/"):
                item = item.get(part.replace("~1", "/").replace("~0", "~"), {})
        return item if isinstance(item, dict) else {}


class _Loader(yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader):
    """Dates stay texts, as in JSON."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _from_yaml(content):
    # Through JSON, so that aliases are no longer one value and names are texts.
    return json.loads(json.dumps(yaml.load(content, Loader=_Loader)))


def main(directory):
    cache = Cache(directory)
    for package, version in sorted({(document.package, document.version) for document in listed()}):
        cache.fetch(package, version)
    for document in listed():
        print(f"{len(cache.bytes_of(document)):9} {document.name}")


if __name__ == "__main__":
    main(*sys.argv[1:])
