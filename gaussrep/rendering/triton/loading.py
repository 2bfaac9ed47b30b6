"""Check for Triton and load the kernels."""

import os
import shutil
from collections.abc import Callable, Iterable

import torch
from packaging.version import Version
from torch import Tensor

from gaussrep.errors import UnavailableError

OLDEST = "3.4"
"""Oldest version of Triton that compiles the kernels; torch 2.8 brings it."""


def is_interpreted() -> bool:
    """Test whether Triton interprets kernels on NumPy.

    Returns:
        Whether the environment sets `TRITON_INTERPRET` to 1, as Triton reads it.
    """
    return os.environ.get("TRITON_INTERPRET", "0").lower() in ("1", "true", "yes", "on", "y")


def load_rasterize() -> Callable[..., Iterable[Tensor]]:
    """Load the operator; no kernel is compiled before its first call.

    Returns:
        `gaussrep.rendering.triton.op.rasterize`.

    Raises:
        UnavailableError: With the cause, the cure, and a renderer that works without it.
    """
    if not is_interpreted() and not torch.cuda.is_available():
        raise UnavailableError(
            "renderer 'triton' needs a CUDA device, and torch finds none here; check that "
            "nvidia-smi lists one, or use the renderer 'auto', which renders on the CPU."
        )
    try:
        import triton
    except (ImportError, OSError, RuntimeError) as error:
        raise UnavailableError(
            f"renderer 'triton' needs Triton, which does not import here ({error}); "
            "pip install triton, or use the renderer 'reference', which is slow on CUDA."
        ) from error
    if Version(triton.__version__) < Version(OLDEST):
        raise UnavailableError(
            f"renderer 'triton' needs Triton {OLDEST} or newer, got {triton.__version__}; upgrade "
            "torch to 2.8 or newer, or use the renderer 'reference', which is slow on CUDA."
        )
    if not is_interpreted() and not _has_compiler():
        raise UnavailableError(
            "renderer 'triton' needs a C compiler, with which Triton builds its launcher, and "
            "there is none here; install gcc or clang, or use the renderer 'reference', which is "
            "slow on CUDA."
        )
    from gaussrep.rendering.triton.op import rasterize

    return rasterize


def _has_compiler() -> bool:
    """Whether Triton finds a compiler; on Windows it includes one."""
    return os.name == "nt" or bool(
        os.environ.get("CC") or shutil.which("gcc") or shutil.which("clang")
    )
