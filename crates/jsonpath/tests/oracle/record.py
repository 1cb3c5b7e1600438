#!/usr/bin/env python3
"""Records what an executable Jayway answers to cases.txt; writes recorded.jsonl.

Needs a JDK and, on Debian, `apt-get install --no-install-recommends libjsonpath-java libjson-smart-java` (Jayway 2.0.0).
The tests read only what is recorded.
"""
import base64
import json
import pathlib
import subprocess
import tempfile

HERE = pathlib.Path(__file__).parent
JARS = [f"/usr/share/java/{jar}.jar" for jar in "json-path json-smart accessors-smart asm slf4j-api slf4j-nop".split()]


def cases():
    """`= name document` starts a group of paths; one path stands on each line after it, between bars."""
    documents, found, name = {}, [], None
    for line in (HERE / "cases.txt").read_text().splitlines():
        if line.startswith("= "):
            _, name, document = line.split(" ", 2)
            documents[name] = document
        elif line.startswith("|"):
            found.append((name, line[1:-1]))
    return documents, found


def main():
    documents, found = cases()
    encode = lambda text: base64.b64encode(text.encode()).decode()
    lines = "".join(f"{encode(path)}\t{encode(documents[name])}\n" for name, path in found)
    with tempfile.TemporaryDirectory() as classes:
        classpath = ":".join([classes, *JARS])
        subprocess.run(["javac", "-cp", classpath, "-d", classes, HERE / "Oracle.java"], check=True)
        ran = subprocess.run(["java", "-cp", classpath, "Oracle"], input=lines, capture_output=True, text=True, check=True)
    with open(HERE / "recorded.jsonl", "w") as out:
        for (name, path), answer in zip(found, ran.stdout.split("\n"), strict=False):
            outcome, value = answer.split("\t", 1)
            record = {"document": name, "path": path, "outcome": outcome}
            if value:
                record["value"] = json.loads(value)
            out.write(json.dumps(record, ensure_ascii=False) + "\n")


main()
