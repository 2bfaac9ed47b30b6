"""The parts that a folder's embedding is made of, kept until it is whole."""

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
from gaussrep.json_file import write_json
from gaussrep.replacing import replacing

PART_SIZE = 256
"""Pictures per part: 150 MB of ViT-Base's tokens, 0.8 MB of its pooled embeddings."""


@dataclass(frozen=True)
class Parts:
    """A folder of finished parts of one embedding.

    Args:
        folder: The folder.
        pictures: Number of pictures in all.
    """

    folder: Path
    pictures: int

    @classmethod
    def open(cls, folder: Path, pictures: int, plan: Mapping[str, Any]) -> "Parts":
        """Start, or go on with, an embedding.

        Args:
            folder: Made where it is missing.
            pictures: Number of pictures in all.
            plan: Plain data that decides what the parts hold.

        Raises:
            RunError: The folder holds parts of another embedding.
        """
        file, wanted = folder / "plan.json", {"part": PART_SIZE, **plan}
        if not file.exists():
            folder.mkdir(parents=True, exist_ok=True)
            write_json(wanted, file)
        elif json.loads(file.read_text(encoding="utf-8")) != wanted:
            raise RunError(
                f"{folder} holds parts of another embedding (of other weights, pictures or "
                "settings); remove it, or give another --out"
            )
        return cls(folder, pictures)

    @cached_property
    def files(self) -> Mapping[Path, range]:
        """All shards in order, finished or not, each with the indices of its images."""
        starts = range(0, self.pictures, PART_SIZE)
        return {
            self.folder / f"part-{number:06d}.safetensors": range(
                start, min(start + PART_SIZE, self.pictures)
            )
            for number, start in enumerate(starts)
        }

    def write(self, part: Path, name: str, rows: Sequence[Tensor], indices: Sequence[int]) -> None:
        """Keep a finished part.

        Args:
            part: Its file.
            name: Name of the tensor.
            rows: Embeddings of the readable pictures, batch by batch; may be none.
            indices: The numbers of those pictures.
        """
        tensors = {"index": torch.tensor(indices, dtype=torch.int64)}
        if rows:
            tensors[name] = torch.cat(list(rows))
        with replacing(part) as temporary:
            save_file(tensors, temporary)

    def readable(self, part: Path) -> list[int]:
        """Numbers of the pictures of a finished part that could be read.

        Raises:
            RunError: The part is damaged.
        """
        try:
            with safe_open(part, framework="np") as tensors:
                return tensors.get_tensor("index").tolist()
        except (SafetensorError, OSError) as error:
            raise RunError(f"{part} is damaged; remove it and start the command again") from error

    def remove(self) -> None:
        """Remove all parts, once the embedding is whole."""
        shutil.rmtree(self.folder)
