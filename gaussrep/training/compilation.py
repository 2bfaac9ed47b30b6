"""Compilation of a method by torch, if `trainer.compile` asks for it."""

import torch
from torch import nn

from gaussrep.errors import ConfigError


def compile_parts(method: nn.Module) -> None:
    """Compile the modules of a method in place, which keeps the names of the weights.

    Args:
        method: Its direct children are compiled; random numbers are those without compilation.
    """
    for part in method.children():
        part.compile(options={"fallback_random": True})


def require_compiler(device: torch.device) -> None:
    """Compile one operation, so that a missing compiler is reported before the first step.

    Args:
        device: Device of the training.

    Raises:
        ConfigError: torch cannot compile here.
    """
    try:
        torch.compile(torch.negative)(torch.ones(2, device=device))
    except Exception as error:  # whatever the compiler's toolchain raises
        reason = " ".join(str(error).split())
        raise ConfigError(
            "trainer.compile=true, but torch cannot compile here; install a C++ compiler (g++) "
            f"or leave it false ({type(error).__name__}: {reason[:200]})"
        ) from error
