"""The command line of a script that measures the workloads of `benchmarks/render.py`."""

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from gaussrep.errors import GaussrepError
from gaussrep.runtime.atomic_files import write_json
from harness.report import describe_run
from harness.workloads import WORKLOADS, Workload


def main(
    prepare: Callable[[], Callable[[Workload], dict[str, Any]]],
    names: Sequence[str],
    definitions: Mapping[str, str],
) -> None:
    """Measure `OUT.json [WORKLOAD ...]`, and write the file after each workload.

    Args:
        prepare: Gives what measures one workload.
        names: Workloads if none are given.
        definitions: What is meant by what is measured.
    """
    script, *arguments = sys.argv
    if not arguments or not set(arguments[1:]) <= set(WORKLOADS):
        sys.exit(f"usage: {Path(script).name} OUT.json [{' | '.join(WORKLOADS)}] ...")
    try:
        _run(prepare(), Path(arguments[0]), arguments[1:] or names, definitions)
    except GaussrepError as error:
        sys.exit(f"error: {error}")


def _run(
    examine: Callable[[Workload], dict[str, Any]],
    out: Path,
    names: Sequence[str],
    definitions: Mapping[str, str],
) -> None:
    workloads, results = [WORKLOADS[name] for name in names], []
    for workload in workloads:
        results.append(examine(workload))
        print(results[-1], flush=True)
        content = describe_run(sys.argv, workloads, results)
        content["definitions"] |= definitions
        write_json(content, out)
