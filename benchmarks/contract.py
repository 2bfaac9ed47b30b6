"""Run tests and write down what came of each.

python benchmarks/contract.py plugins/pytorch3d/tests OUT.json [PYTEST-OPTION ...]
"""

import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any
from xml.etree import ElementTree

from gaussrep.runtime.atomic_files import write_json
from harness.report import describe_origin

OUTCOMES = {"skipped": "skipped", "failure": "failed", "error": "failed"}
"""Outcome by the XML element inside a test's element; a test without one passed."""


def run(folder: Path, out: Path, *more: str) -> int:
    with TemporaryDirectory() as scratch:
        report = Path(scratch, "report.xml")
        options = ["-q", "-p", "no:cacheprovider", "--junitxml", str(report), *more]
        start = perf_counter()
        ran = subprocess.run([sys.executable, "-m", "pytest", str(folder), *options], check=False)
        seconds = round(perf_counter() - start, 1)
        cases = ElementTree.parse(report).iter("testcase")
        tests = {_name(case): _outcome(case) for case in cases}
    write_json({**describe_origin(sys.argv), "seconds": seconds, "tests": tests}, out)
    return ran.returncode


def _name(case: ElementTree.Element) -> str:
    """`test_contracts.TestPulsar.test_padding`, with the parameters of the test."""
    place = re.sub(r"^(.*?\.)?tests\.", "", case.attrib["classname"])
    return f"{place}.{case.attrib['name']}"


def _outcome(case: ElementTree.Element) -> dict[str, Any]:
    found: dict[str, Any] = {"outcome": "passed", "seconds": round(float(case.attrib["time"]), 3)}
    for child in case:
        if child.tag in OUTCOMES:
            found |= {"outcome": OUTCOMES[child.tag], "reason": child.attrib.get("message", "")}
    return found


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit("usage: contract.py FOLDER OUT.json [PYTEST-OPTION ...]")
    sys.exit(run(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:]))
