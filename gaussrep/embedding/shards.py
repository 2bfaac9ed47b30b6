"""Shards of a folder's embedding, kept until it is complete."""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from gaussrep.errors import RunError
from gaussrep.runtime.atomic_files import atomic_write, rename_with_retries, write_json
from gaussrep.runtime.plain_files import read_json

ALIGNMENT = 8
"""Alignment of the data in safetensors files, bytes."""


def concatenate_shards(
    parts: Sequence[Path], name: str, out: Path, metadata: Mapping[str, str]
) -> None:
    """Concatenate float32 tensors of several safetensors files along their first axis.

    Rows are contiguous in the format, so the data is copied shard by shard, never all at once.

    Args:
        parts: Files that each hold a tensor of that name; their other axes are equal. Their folder
            is on the disk of the output, which is written there first.
        name: Name of the tensor, in the shards and in the result.
        out: Output file, written atomically; overwritten.
        metadata: Strings for the file's header.
    """
    shapes = [_shape(part, name) for part in parts]
    shape = [sum(rows for rows, *_ in shapes), *shapes[0][1:]]
    length = 4
    for side in shape:
        length *= side
    tensor = {"dtype": "F32", "shape": shape, "data_offsets": [0, length]}
    header = json.dumps({"__metadata__": dict(metadata), name: tensor}).encode()
    header += b" " * (-len(header) % ALIGNMENT)
    joined = parts[0].with_name("joined.safetensors")  # a killed call leaves it among the parts
    with joined.open("wb") as stream:
        stream.write(len(header).to_bytes(8, "little") + header)
        for part in parts:
            with safe_open(part, framework="np") as tensors:
                stream.write(tensors.get_tensor(name).astype("<f4", order="C").tobytes())
    rename_with_retries(joined, out)


def _shape(part: Path, name: str) -> list[int]:
    with safe_open(part, framework="np") as tensors:
        return tensors.get_slice(name).get_shape()


SHARD_SIZE = 256
"""Images per part: 150 MB of ViT-Base's tokens, 0.8 MB of its pooled embeddings."""


@dataclass(frozen=True)
class EmbeddingShards:
    """A folder of finished shards of one embedding.

    Args:
        folder: The folder.
        images: Total number of images.
    """

    folder: Path
    images: int

    @classmethod
    def open(cls, folder: Path, images: int, plan: Mapping[str, Any]) -> "EmbeddingShards":
        """Start or resume an embedding.

        Args:
            folder: Folder of the shards; created if missing.
            images: Total number of images.
            plan: Plain data that determines the content of the shards.

        Returns:
            The shards.

        Raises:
            RunError: The folder holds shards of another embedding.
        """
        file, wanted = folder / "plan.json", {"part": SHARD_SIZE, **plan}
        if not file.exists():
            folder.mkdir(parents=True, exist_ok=True)
            write_json(wanted, file)
        elif _read_plan(file) != wanted:
            raise RunError(
                f"{folder} holds parts of another embedding (of other weights, images or "
                "settings); remove it, or give another --out"
            )
        return cls(folder, images)

    @cached_property
    def files(self) -> Mapping[Path, range]:
        """All shards in order, finished or not, each with the indices of its images."""
        starts = range(0, self.images, SHARD_SIZE)
        return {
            self.folder / f"part-{number:06d}.safetensors": range(
                start, min(start + SHARD_SIZE, self.images)
            )
            for number, start in enumerate(starts)
        }

    def write(self, part: Path, name: str, rows: Sequence[Tensor], indices: Sequence[int]) -> None:
        """Write a finished shard.

        Args:
            part: Its file.
            name: Name of the tensor.
            rows: Embeddings of the readable images, batch by batch; may be none.
            indices: Indices of those images.
        """
        tensors = {"index": torch.tensor(indices, dtype=torch.int64)}
        if rows:
            tensors[name] = torch.cat(list(rows))
        with atomic_write(part) as temporary:
            save_file(tensors, temporary)

    def readable(self, part: Path) -> list[int]:
        """Read the indices of the readable images of a finished shard.

        Args:
            part: Its file.

        Returns:
            Indices, increasing.

        Raises:
            RunError: The shard is damaged.
        """
        try:
            with safe_open(part, framework="np") as tensors:
                return tensors.get_tensor("index").tolist()
        except (SafetensorError, OSError) as error:
            raise RunError(f"{part} is damaged; remove it and start the command again") from error

    def remove(self) -> None:
        """Remove all shards, once the embedding is complete."""
        shutil.rmtree(self.folder)


def _read_plan(file: Path) -> Any:
    try:
        return read_json(file)
    except (OSError, ValueError) as error:
        raise RunError(
            f"{file} is damaged ({error}); remove {file.parent}, or give another --out"
        ) from error
