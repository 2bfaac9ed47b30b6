"""The kernels with vectors of 4, 8 and 16 lanes: images, gradients, and the emitted code."""

import json
import os
import platform
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from llvmlite import binding

PROCESSORS = {4: "nehalem", 8: "haswell", 16: "skylake-avx512"}
REGISTERS = {4: "xmm", 8: "ymm", 16: "zmm"}
FEATURES = {4: "sse4.2", 8: "avx2", 16: "avx512f"}
IS_X86 = platform.machine() in ("x86_64", "AMD64")
MOST_SPILLS = {4: 2, 8: 22, 16: 2}
"""Vectors that an inner loop may put on the stack.

With 8 lanes, one block of the features' backward pass has most; all others have at most 3.
"""


@pytest.fixture(scope="module")
def probe(tmp_path_factory):
    """Run the probe once for each width, with a cache of its own."""

    @cache
    def run(width, turn=0):
        cached = tmp_path_factory.getbasetemp() / f"kernels-{width}"
        environment = os.environ | {"NUMBA_CACHE_DIR": str(cached)}
        if IS_X86:
            environment |= {"NUMBA_CPU_NAME": PROCESSORS[width], "NUMBA_CPU_FEATURES": ""}
        else:
            environment["GAUSSREP_VECTOR_WIDTH"] = str(width)
        done = subprocess.run(
            [sys.executable, str(Path(__file__).with_name("width_probe.py"))],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout), done.stderr

    return run


@pytest.mark.slow
@pytest.mark.parametrize("width", PROCESSORS)
def test_every_width_renders_the_same_image(probe, width):
    if IS_X86 and not binding.get_host_cpu_features().get(FEATURES[width]):
        pytest.skip(f"this processor has no {FEATURES[width]}")
    found, log = probe(width)
    assert found["width"] == width
    assert "compiling CPU kernels" in log
    assert max(v["color"] for v in found["variants"]) < 2e-5
    assert max(v["gradients"] for v in found["variants"]) < 1e-3
    assert all(v["repeats"] for v in found["variants"])
    for code in found["code"] if IS_X86 else ():
        assert code["widest"] == REGISTERS[width]
        assert code["fused"] == (width > 4)
        assert code["spills"]
        assert max(code["spills"]) <= MOST_SPILLS[width]


@pytest.mark.slow
@pytest.mark.skipif(not IS_X86, reason="compiles for ARM from an x86")
def test_kernels_of_four_lanes_fit_the_registers_of_neon(probe):
    found, _ = probe(4)
    assert len(found["neon"]) == len(found["code"])
    for code in found["neon"]:
        assert code["widest"] == "v.4s"
        assert code["fused"]
        assert code["spills"]
        assert max(code["spills"]) == 0


@pytest.mark.slow
def test_a_second_process_does_not_compile(probe):
    first, _ = probe(4)
    second, log = probe(4, turn=1)
    assert first["hits"] == [0] * 5
    assert "compiling CPU kernels" not in log
    assert min(second["hits"]) >= 1
    assert second["variants"] == first["variants"]
