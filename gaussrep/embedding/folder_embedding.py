"""A file with the embeddings of a folder of pictures."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from jaxtyping import Float
from safetensors import SafetensorError, safe_open
from torch import Tensor

from gaussrep.embedding.join import join_tensors
from gaussrep.errors import FormatError


@dataclass(frozen=True, slots=True)
class FolderEmbedding:
    """A safetensors file with one tensor, `pooled` [N, D] or `tokens` [N, L, D], float32.

    Attributes:
        file: The file; `names` and `damaged` are JSON lists in its metadata.
        names: The pictures of its rows, relative to their folder.
        damaged: The pictures that could not be read; they have no row.
    """

    file: Path
    names: tuple[str, ...]
    damaged: tuple[str, ...]

    @classmethod
    def open(cls, file: str | PathLike[str]) -> "FolderEmbedding":
        """Find what was written; no embedding is read yet.

        Raises:
            FormatError: The file is missing, damaged, or something else.
        """
        try:
            with safe_open(file, framework="pt") as tensors:
                said = tensors.metadata() or {}
            names, damaged = (tuple(json.loads(said[key])) for key in ("names", "damaged"))
        except (OSError, SafetensorError, KeyError, ValueError) as error:
            raise FormatError(f"{file} is not the embedding of a folder of pictures") from error
        return cls(Path(file), names, damaged)

    def load(self) -> Float[Tensor, "n ..."]:
        """Read all embeddings, one row per name."""
        with safe_open(self.file, framework="pt") as tensors:
            (name,) = tensors.keys()
            return tensors.get_tensor(name)

    def write(self, parts: Sequence[Path], kind: str) -> None:
        """Make the file out of its parts.

        Args:
            parts: Files that hold the rows, in order.
            kind: Name of the tensor, `pooled` or `tokens`.
        """
        metadata = {"names": json.dumps(self.names), "damaged": json.dumps(self.damaged)}
        join_tensors(parts, kind, self.file, metadata)
