"""Memory of scenes: allocation, views of parts, and scenes in temporary files."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

import numpy as np
import torch
from torch import Tensor

from gaussrep.gaussians import Gaussians


def allocate(shape: tuple[int, ...]) -> Tensor:
    """Allocate a tensor, of large pages if NumPy has them.

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


@contextmanager
def on_disk(like: Gaussians, chunks: Iterable[Gaussians], folder: Path) -> Iterator[Gaussians]:
    """Join the parts of a scene in temporary files, which the system reads as they are needed.

    Args:
        like: A scene of the same fields and marks.
        chunks: The parts, on the CPU.
        folder: Where the temporary files are.

    Yields:
        One scene, valid in the body.

    Raises:
        OSError: If the files cannot be written.
    """
    with ExitStack() as stack:
        files = {name: stack.enter_context(TemporaryFile(dir=folder)) for name, _ in like.tensors()}
        count = 0
        for chunk in chunks:
            count += chunk.count
            for name, tensor in chunk.tensors():
                files[name].write(tensor.contiguous().numpy().data)
        yield like.replace(
            **{name: _map(files[name], count, tensor) for name, tensor in like.tensors()}
        )


def _map(file: IO[bytes], count: int, like: Tensor) -> Tensor:
    """Map the rows of a file; they are not written back."""
    file.flush()
    shape = (count, *like.shape[1:])
    if not np.prod(shape):
        return like.new_empty(shape)
    return torch.from_numpy(np.memmap(file, like.numpy().dtype, "c", shape=shape))
