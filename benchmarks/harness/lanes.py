"""The environment in which kernels are compiled for another vector width."""

import platform

from gaussrep.errors import ConfigError

PROCESSORS = {4: "nehalem", 8: "haswell", 16: "skylake-avx512"}
"""x86 processors whose registers have so many lanes, as LLVM names them."""


def environment_for(lanes: int) -> dict[str, str]:
    """Environment variables by which kernels are compiled for a vector width.

    Args:
        lanes: 4, 8 or 16.

    Returns:
        Names and values; on an x86, they name a processor of that width.

    Raises:
        ConfigError: It is another number.
    """
    if lanes not in PROCESSORS:
        raise ConfigError(f"--width is {lanes}, expected 4, 8 or 16.")
    if platform.machine() not in ("x86_64", "AMD64"):
        return {"GAUSSREP_VECTOR_WIDTH": str(lanes)}
    return {"NUMBA_CPU_NAME": PROCESSORS[lanes], "NUMBA_CPU_FEATURES": ""}
