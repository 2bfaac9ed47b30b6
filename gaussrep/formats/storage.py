"""Memory of scenes: allocation, and views of parts."""

import numpy as np
import torch
from torch import Tensor

from gaussrep.gaussians import Gaussians


def allocate(shape: tuple[int, ...]) -> Tensor:
    """Allocate a tensor, of large pages where NumPy has them.

    Filling the small pages of a tensor that torch allocates takes six times as long on Linux.

    Args:
        shape: Its shape.

    Returns:
        float32, not initialized.
    """
    return torch.from_numpy(np.empty(shape, np.float32))


def take_rows(scene: Gaussians, part: slice) -> Gaussians:
    """View a part of a scene, without a copy.

    Args:
        scene: One scene.
        part: Its rows.

    Returns:
        Gaussians that share the memory of `scene`.
    """
    return scene.replace(**{name: tensor[part] for name, tensor in scene.tensors()})


def keep_rows(tensor: Tensor, keep: Tensor, step: int = 2**16) -> Tensor:
    """Move the rows to keep to the front, in place.

    Args:
        tensor: Rows, [N, ...], overwritten.
        keep: Which rows to keep, [N].
        step: Rows that are moved at a time; a design choice.

    Returns:
        The front of `tensor`, which holds them.
    """
    done = 0
    for start in range(0, len(tensor), step):
        few = slice(start, start + step)
        rows = tensor[few][keep[few]]
        tensor[done : done + len(rows)] = rows
        done += len(rows)
    return tensor[:done]
