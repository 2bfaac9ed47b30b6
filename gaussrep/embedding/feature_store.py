"""Feature maps on the disk, one file each."""

import logging
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep.replacing import replacing

logger = logging.getLogger("gaussrep.embedding")

DAMAGES = (OSError, ValueError, EOFError)
"""What NumPy raises for a file that is not a whole array of plain numbers."""


class FeatureStore:
    """A folder of maps in float16 that any number of processes read and write at once.

    Each file is written under a temporary name and renamed, so it is whole or not there; two
    processes that write the same map write the same numbers.

    Args:
        folder: Made where it is missing.
        width: Length of a feature vector; a file of another width counts as damaged.
        limit: Bytes that the files may take; from then on nothing is written. Each process counts
            what it finds and what it adds, so together they may go over it a little.
    """

    def __init__(self, folder: Path, width: int, limit: int) -> None:
        self._folder, self._width, self._limit = folder, width, limit
        self._bytes = sum(file.stat().st_size for file in folder.glob("*/*.npy"))
        self._writes = True

    def read(self, key: str) -> Float[Tensor, "rows columns channels"] | None:
        """Give a map, or None where there is none or its file is damaged, which is warned about.

        Args:
            key: Name of the map, hexadecimal digits.
        """
        file = self._file(key)
        try:
            values = np.load(file, allow_pickle=False)
        except FileNotFoundError:
            return None
        except DAMAGES as error:
            logger.warning("%s is damaged (%s) and is made again", file, error)
            return None
        if values.dtype != np.float16 or values.ndim != 3 or values.shape[-1] != self._width:
            logger.warning("%s holds something else (%s) and is made again", file, values.dtype)
            return None
        return torch.from_numpy(values)

    def write(self, key: str, features: Float[Tensor, "rows columns channels"]) -> None:
        """Keep a map; where there is no room, or the folder cannot be written, warn once.

        Args:
            key: Name of the map, hexadecimal digits.
            features: float16, on any device.
        """
        if not self._writes:
            return
        if self._bytes >= self._limit:
            self._stop(f"it has reached its limit of {self._limit / 1e9:g} GB")
            return
        file = self._file(key)
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            with replacing(file) as temporary, temporary.open("wb") as stream:
                np.save(stream, features.cpu().numpy(), allow_pickle=False)
                self._bytes += stream.tell()
        except OSError as error:
            self._stop(f"it cannot be written ({error.strerror or error})")

    def _stop(self, why: str) -> None:
        self._writes = False
        logger.warning("no more features are kept in %s: %s", self._folder, why)

    def _file(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key}.npy"
