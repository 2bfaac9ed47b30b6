"""Compile the kernels of the `triton` renderer ahead, without a device, and count registers.

python benchmarks/triton_compile.py [--target sm_90 ...] [--out OUT.json]
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from math import isqrt
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Annotated, Any

import triton
import typer
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource

from gaussrep.errors import ConfigError, UnavailableError
from gaussrep.rendering.triton import stages, stages_backward
from gaussrep.runtime.atomic_files import write_json
from gaussrep.runtime.console import print_table
from harness.options import require_folder_of, run_script
from harness.report import describe_origin

OUT = Path(__file__).parent / "results" / "triton-compile.json"
CAPABILITIES = 75, 80, 89, 90, 100, 120
TARGETS = {f"sm_{capability}": GPUTarget("cuda", capability, 32) for capability in CAPABILITIES}
TARGETS["gfx942"] = GPUTarget("hip", "gfx942", 64)
DEFAULTS = "sm_80", "sm_90", "gfx942"
TARGETS_HELP = f"{', '.join(TARGETS)}; by default {', '.join(DEFAULTS)}."
SIZES = {
    *(
        "views",
        "count",
        "color_views",
        "width",
        "height",
        "columns",
        "rows",
        "channels",
        "size",
        "most",
    ),
}
"""Arguments that are 32-bit integers; all others but those below point to float32."""
POINTERS = {
    "boxes": "*i16",
    "counts": "*i32",
    "members": "*i32",
    "medians": "*i32",
    "tiles": "*i32",
    **dict.fromkeys(("angles", "slopes"), "*fp64"),
    **dict.fromkeys(("order", "ends", "firsts", "starts", "emitted"), "*i64"),
}
LANES = {"LANES": 128}
BASES = 16, 25
"""Coefficients of spherical harmonics of degree 3 and 4."""
MODES = {"ORTHO": False, "ANTIALIASED": False, "LENS": 0}
LENSES = {"fisheye": {"LENS": 4}, "opencv": {"LENS": 8}}
FLAGS = {"HAS_COLOR": True, "HAS_ALPHA": True, "HAS_DEPTH": True}
DEFINITIONS = {
    "registers": "per thread",
    "spilled": "bytes per thread on the stack on NVIDIA; spilled vector registers on AMD",
    "shared": "bytes of shared memory per program",
}


@dataclass(frozen=True)
class Variant:
    """A kernel with its constants.

    Args:
        name: Name in the table.
        kernel: Name of the kernel in `stages` or `stages_backward`.
        constants: Its constants.
        warps: Warps per program.
    """

    name: str
    kernel: str
    constants: dict[str, Any]
    warps: int


def variants(precision: str) -> Iterator[Variant]:
    """All kernels, with the constants of the common calls.

    Args:
        precision: Precision of products.

    Yields:
        One per kernel; those of features with few channels and with many.
    """
    group = {"GROUP": stages.GROUP}
    medians = group | {"MEDIANS": True}
    for bases in (0, *BASES):
        yield Variant(_shaded("project", bases), "project", MODES | LANES | {"BASES": bases}, 4)
    for lens, constants in LENSES.items():
        yield Variant(f"project, {lens}", "project", MODES | LANES | {"BASES": 0} | constants, 4)
        samples = {"SAMPLES": stages.SAMPLES}
        yield Variant(f"find_bounds, {lens}", "find_bounds", samples | constants, 4)
    yield Variant("emit_pairs", "emit_pairs", LANES, 4)
    yield Variant("composite", "composite", medians | {"MEDIANS": False}, 1)
    yield Variant("composite, with medians", "composite", medians, 1)
    yield Variant("composite_backward", "composite_backward", FLAGS | group, 1)
    rows = {"ROWS": stages_backward.SLOT_ROWS, "COLUMNS": stages_backward.SLOT_COLUMNS[0]}
    yield Variant("sum_slots", "sum_slots", rows, 1)
    for bases in BASES:
        name = _shaded("shade_backward", bases)
        yield Variant(name, "shade_backward", LANES | {"BASES": bases}, 4)
    cameras = MODES | LANES | {"CAMERA_GRADIENTS": True, "SHADED": True}
    yield Variant("project_backward", "project_backward", cameras, 4)
    for lens, constants in LENSES.items():
        name = f"project_backward, {lens}"
        yield Variant(name, "project_backward", cameras | constants, 4)
    for forward, channels in (
        (True, stages.FEATURE_CHANNELS),
        (False, stages_backward.FEATURE_CHANNELS),
    ):
        kernel = "composite_features" if forward else "composite_features_backward"
        group = {"PART": stages.FEATURE_PART, "GROUP": stages.FEATURE_GROUP}
        group |= {"PRECISION": precision} | ({} if forward else FLAGS)
        for count in channels:
            constants = group | {"CHANNELS": count}
            yield Variant(f"{kernel}, {count} channels", kernel, constants, stages.FEATURE_WARPS)


def _shaded(name: str, bases: int) -> str:
    return f"{name}, SH of degree {isqrt(bases) - 1}" if bases else name


def compile_kernel(variant: Variant, target: GPUTarget) -> Any:
    """Compile a kernel.

    Args:
        variant: Kernel and constants.
        target: Device to compile for; none need be here.

    Returns:
        Triton's compiled kernel.
    """
    owner = stages if hasattr(stages, variant.kernel) else stages_backward
    kernel = getattr(owner, variant.kernel)
    signature, aligned = {}, {}
    for place, name in enumerate(kernel.arg_names):
        if name in variant.constants:
            signature[name] = "constexpr"
        elif name in SIZES:
            signature[name] = "i32"
        else:
            signature[name] = POINTERS.get(name, "*fp32")
            aligned[(place,)] = [["tt.divisibility", 16]]
    source = ASTSource(kernel, signature, variant.constants, aligned)
    return triton.compile(source, target=target, options={"num_warps": variant.warps})


def resources(compiled: Any) -> dict[str, int]:
    """Registers, spills and shared memory of a compiled kernel.

    Args:
        compiled: Result of `compile_kernel`.

    Returns:
        Plain data for JSON, see `DEFINITIONS`.
    """
    found = _of_amd(compiled) if "amdgcn" in compiled.asm else _of_nvidia(compiled)
    return {**found, "shared": compiled.metadata.shared}


def _of_nvidia(compiled: Any) -> dict[str, int]:
    with NamedTemporaryFile(suffix=".cubin") as file:
        file.write(compiled.asm["cubin"])
        file.flush()
        tool = triton.knobs.nvidia.cuobjdump.path
        command = [tool, "--dump-resource-usage", file.name]
        text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return {"registers": _number(r"REG:(\d+)", text), "spilled": _number(r"STACK:(\d+)", text)}


def _of_amd(compiled: Any) -> dict[str, int]:
    text = compiled.asm["amdgcn"]
    return {
        "registers": _number(r"\.vgpr_count:\s+(\d+)", text),
        "spilled": _number(r"\.vgpr_spill_count:\s+(\d+)", text),
    }


def _number(pattern: str, text: str) -> int:
    match = re.search(pattern, text)
    if match is None:
        raise UnavailableError(f"the compiler's report has no {pattern}; its form has changed.")
    return int(match[1])


def main(
    target: Annotated[
        list[str] | None,
        typer.Option(help=TARGETS_HELP),
    ] = None,
    kernel: Annotated[
        str | None, typer.Option(help="Compile only kernels whose names begin with this.")
    ] = None,
    out: Annotated[Path, typer.Option(help="JSON file to write; overwritten.")] = OUT,
) -> None:
    """Compile every kernel for every target, and write registers and spills."""
    for name in target or ():
        if name not in TARGETS:
            raise ConfigError(f"--target is {name!r}, expected one of {', '.join(TARGETS)}.")
    require_folder_of(out)
    results = []
    for name in target or DEFAULTS:
        precision = "ieee" if TARGETS[name].backend == "hip" else "tf32x3"
        for variant in variants(precision):
            if not variant.name.startswith(kernel or ""):
                continue
            found = resources(compile_kernel(variant, TARGETS[name]))
            results.append({"target": name, **asdict(variant), **found})
            print(f"{name} {variant.name}: {found}", file=sys.stderr)
    headers = "target", "name", "warps", "registers", "spilled", "shared"
    print_table(headers, [[str(result[key]) for key in headers] for result in results])
    content = {**describe_origin(sys.argv), "triton": triton.__version__}
    write_json({**content, "definitions": DEFINITIONS, "results": results}, out)


if __name__ == "__main__":
    if stages.INTERPRETED:
        sys.exit("error: TRITON_INTERPRET is set, so that Triton compiles nothing; unset it.")
    run_script(main)
