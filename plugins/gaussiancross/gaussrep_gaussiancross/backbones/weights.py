"""Published weights of a backbone."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from pickle import UnpicklingError

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from gaussrep.errors import ConfigError

WRAPPER, OWN, HEAD = "module.", "backbone.", "final."
"""How names begin: of a network wrapped for several devices, of the backbone in a method, and of
the head in the backbone, which is not taken."""
NAMED = 3
"""How many of the weights that do not fit a message names."""


def load_weights(backbone: nn.Module, path: Path) -> None:
    """Give a backbone published weights, by name.

    Args:
        backbone: Who gets them; every one of its parameters and running statistics.
        path: A `.safetensors` file, or a `.pth` with a `state_dict`.

    Raises:
        ConfigError: If the file cannot be read, or a weight is missing, unknown or misshapen.
    """
    weights = _select(_read(path))
    own = backbone.state_dict()
    shared = weights.keys() & own.keys()
    problems = {
        "missing": sorted(own.keys() - shared),
        "unexpected": sorted(weights.keys() - shared),
        "of another shape": [
            f"{name} {list(weights[name].shape)} instead of {list(own[name].shape)}"
            for name in sorted(shared)
            if weights[name].shape != own[name].shape
        ],
    }
    if texts := [f"{what}: {_named(names)}" for what, names in problems.items() if names]:
        raise ConfigError(
            f"weights: {path} does not fit this backbone ({'; '.join(texts)}); set its size, "
            "channels and layers, and the features of a voxel, to those of the weights."
        )
    backbone.load_state_dict(weights)


def _read(path: Path) -> Mapping[str, Tensor]:
    if not path.is_file():
        raise ConfigError(f"weights is {path}, but there is no such file.")
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (SafetensorError, UnpicklingError, OSError, RuntimeError, EOFError) as error:
        reason = str(error).strip().splitlines()[0]
        raise ConfigError(
            f"weights: {path} cannot be read as tensors alone ({reason}); wanted a .safetensors "
            "file or a .pth with a state_dict."
        ) from error
    found = content.get("state_dict", content) if isinstance(content, dict) else None
    if not isinstance(found, dict) or not all(isinstance(v, Tensor) for v in found.values()):
        raise ConfigError(f"weights: {path} holds no state_dict; wanted tensors by name.")
    return found


def _select(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The backbone's, by its own names; all of them where none says whose it is."""
    plain = {name.removeprefix(WRAPPER): tensor for name, tensor in weights.items()}
    if any(name.startswith(OWN) for name in plain):
        plain = {name.removeprefix(OWN): v for name, v in plain.items() if name.startswith(OWN)}
    return {name: tensor for name, tensor in plain.items() if not name.startswith(HEAD)}


def _named(names: Iterable[str]) -> str:
    first = list(names)
    more = f" and {len(first) - NAMED} more" if len(first) > NAMED else ""
    return ", ".join(first[:NAMED]) + more
