"""Asks Apache Velocity 1.7 for the output of every template in ../corpus and writes it down beside the template.

Needs Debian's packages velocity, libjsonpath-java, libjson-smart-java and a JDK. Tests read what is written here, and need no
Java. Run it after adding a template to a corpus file:

    python3 record.py                 records everything again
    python3 record.py generate 400    first makes that many new templates in ../corpus/generated.jsonl
"""

import base64
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import grammar

HERE = pathlib.Path(__file__).parent
CORPUS = HERE.parent / "corpus"
JARS = "velocity commons-collections3 commons-lang json-path json-smart accessors-smart asm slf4j-api slf4j-nop"
CLASSPATH = ":".join(f"/usr/share/java/{jar}.jar" for jar in JARS.split())

# `java.lang.String@1b2c` names an object by its address, which differs from run to run.
IDENTITY = re.compile(r"(\[L[\w.]+;|Iterator|\$Itr)@[0-9a-f]+")


def base64_of(text):
    return base64.b64encode(text.encode()).decode()


def ask(cases):
    """The output of each (mode, template), None for an error."""
    context = base64_of((CORPUS / "context.json").read_text())
    lines = "".join(f"{mode}\t{base64_of(template)}\t{context}\n" for mode, template in cases)
    with tempfile.TemporaryDirectory() as classes:
        subprocess.run(["javac", "-cp", CLASSPATH, "-d", classes, HERE / "Vtl.java"], check=True)
        command = ["java", "-cp", f"{classes}:{CLASSPATH}", "Vtl"]
        answers = subprocess.run(command, input=lines, capture_output=True, text=True, check=True).stdout.splitlines()
    assert len(answers) == len(cases), "the oracle must answer every case"
    fields = [answer.split("\t") for answer in answers]
    return [base64.b64decode(text).decode() if said == "OK" else None for said, text in fields]


def record(path):
    cases = [json.loads(line) for line in path.read_text().splitlines()]
    for mode in ("aws", "stock"):
        for case, output in zip(cases, ask([(mode, case["template"]) for case in cases])):
            case[mode] = output
    # What names an address cannot be compared.
    kept = [case for case in cases if not any(IDENTITY.search(case[mode] or "") for mode in ("aws", "stock"))]
    path.write_text("".join(json.dumps(case, ensure_ascii=False) + "\n" for case in kept))
    print(f"{path.name}: {len(kept)} templates")


def main():
    if sys.argv[1:2] == ["generate"]:
        templates = grammar.templates(count=int(sys.argv[2]), seed=1)
        lines = "".join(json.dumps({"template": template}) + "\n" for template in templates)
        (CORPUS / "generated.jsonl").write_text(lines)
    for path in sorted(CORPUS.glob("*.jsonl")):
        record(path)


if __name__ == "__main__":
    main()
