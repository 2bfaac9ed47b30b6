"""Table of the compiled kernels of `triton`, from `triton-compile.json`."""

from typing import Any

from tables.markdown import ABSENT, read_results, table


def triton_compile_table() -> str:
    """Generate the table: registers and spills of every kernel on every target."""
    run = read_results("triton-compile")
    targets = list(dict.fromkeys(result["target"] for result in run["results"]))
    kernels: dict[str, dict[str, Any]] = {}
    for result in run["results"]:
        kernels.setdefault(result["name"], {"warps": result["warps"]})[result["target"]] = result
    rows = [
        [name, str(found["warps"]), *(_cell(found.get(target)) for target in targets)]
        for name, found in kernels.items()
    ]
    return table(("kernel", "warps", *targets), rows, _caption(run))


def _cell(result: dict[str, Any] | None) -> str:
    if result is None:
        return ABSENT
    return f"{result['registers']} / {result['spilled']} / {result['shared']:,}"


def _caption(run: dict[str, Any]) -> str:
    return (
        "Registers per thread / spilled (bytes per thread on NVIDIA, registers on AMD) / bytes of "
        f"shared memory. Triton {run['triton']}; {run['date'][:10]}; "
        "`python benchmarks/triton_compile.py`"
    )
