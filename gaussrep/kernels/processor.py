"""The processor that kernels are compiled for, and the width of its vectors.

The processor is the one that Numba compiles for: this machine's, or the one that `NUMBA_CPU_NAME`
and `NUMBA_CPU_FEATURES` name. Numba takes the features of this machine if only the name is
given; `NUMBA_CPU_FEATURES=` takes those of the named processor.
"""

import os
import re
from functools import cache
from typing import Any

from llvmlite import binding
from numba.core import config as numba_config  # noqa: TID253
from numba.core.codegen import get_host_cpu_features  # noqa: TID253

from gaussrep.errors import ConfigError

VARIABLE = "GAUSSREP_VECTOR_WIDTH"
"""Environment variable that sets the number of lanes."""

WIDTHS = (4, 8, 16)
"""Numbers of float32 lanes that kernels can be compiled for."""

_PROBE = """
define <16 x float> @probe(<16 x float> %x, <16 x float> %y) {
    %sum = fadd <16 x float> %x, %y
    ret <16 x float> %sum
}
"""
_ADDITION = re.compile(r"^\s+(?:v?addps|fadd)\s", re.MULTILINE)

config: Any = numba_config


def describe_processor() -> tuple[str, str]:
    """Return the name and the features of the processor, as LLVM spells them."""
    name, features = config.CPU_NAME, config.CPU_FEATURES
    return (
        binding.get_host_cpu_name() if name is None else name,
        get_host_cpu_features() if features is None else features,
    )


@cache
def vector_width() -> int:
    """Find the number of float32 lanes of kernels' vectors.

    Returns:
        The value of `GAUSSREP_VECTOR_WIDTH` if it is set; otherwise the lanes of the processor's
        registers: 16 with AVX-512, 8 with AVX, else 4.

    Raises:
        ConfigError: If the variable holds another value than 4, 8 or 16.
    """
    given = os.environ.get(VARIABLE)
    if given is None:
        return register_width()
    if given not in map(str, WIDTHS):
        raise ConfigError(
            f"{VARIABLE} is {given!r}, expected 4, 8 or 16; unset it for the width of this "
            "processor."
        )
    return int(given)


@cache
def register_width() -> int:
    """Find the number of float32 lanes of the processor's registers, from code that LLVM emits."""
    name, features = describe_processor()
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    machine = binding.Target.from_default_triple().create_target_machine(
        cpu=name, features=features
    )
    additions = len(_ADDITION.findall(machine.emit_assembly(binding.parse_assembly(_PROBE))))
    return {1: 16, 2: 8}.get(additions, 4)


def is_x86() -> bool:
    """Whether the processor is an x86."""
    return binding.get_default_triple().startswith(("x86_64", "i386", "i686"))
