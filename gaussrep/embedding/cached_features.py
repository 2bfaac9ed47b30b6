"""Features of a teacher, computed once per image."""

import hashlib
import logging
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

import gaussrep
from gaussrep.atomic_files import atomic_write, write_json
from gaussrep.checks import check_finite
from gaussrep.config import ComponentConfig
from gaussrep.encoders.encoder import ImageEncoder
from gaussrep.methods.digest import hash_state_dict

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
            with atomic_write(file) as temporary, temporary.open("wb") as stream:
                np.save(stream, features.cpu().numpy(), allow_pickle=False)
                self._bytes += stream.tell()
        except OSError as error:
            self._stop(f"it cannot be written ({error.strerror or error})")

    def _stop(self, why: str) -> None:
        self._writes = False
        logger.warning("no more features are kept in %s: %s", self._folder, why)

    def _file(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key}.npy"


def image_keys(images: Float[Tensor, "n 3 h w"]) -> list[str]:
    """Digest the pixels of each picture, rounded to 256 levels.

    Args:
        images: RGB in [0, 1], on any device.

    Returns:
        Thirty-two hexadecimal digits each, the same on every machine; pictures of another size, or
        with a pixel that differs by a level, have others.
    """
    levels = (images.detach().clamp(0, 1) * 255).round().to(torch.uint8).cpu().contiguous()
    height, width = images.shape[-2:]
    return [
        hashlib.blake2b(
            picture.numpy().tobytes(), digest_size=16, person=b"%dx%d" % (height, width)
        ).hexdigest()
        for picture in levels
    ]


DEFAULT_LIMIT = 50_000_000_000
"""Bytes on the disk (ours): 27,000 maps of 30 x 40 vectors of length 768."""


class CachedFeatures:
    """Encodes pictures with a frozen encoder and remembers the maps.

    A map belongs to the pixels of its picture and to the encoder's settings and weights, so it is
    never that of another picture: an augmented picture has features of its own. Where colors are
    augmented at random hardly any picture comes twice, and no folder should be given.

    Pictures are encoded one by one, in float32 and rounded to float16 whether kept or not: a run
    sees the same numbers with a full folder, an empty one and none.

    Args:
        encoder: Frozen, in evaluation mode, as `build_teacher` gives it.
        config: Its settings.
        folder: Where maps are kept, in a subfolder per encoder; None, nowhere.
        limit: Bytes that the encoder's subfolder may take.
    """

    def __init__(
        self,
        encoder: ImageEncoder,
        config: ComponentConfig,
        folder: Path | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> None:
        self._encoder = encoder
        self._store = None
        if folder is not None:
            own = _own_folder(encoder, config, folder)
            self._store = FeatureStore(own, encoder.width, limit)

    @property
    def width(self) -> int:
        """Length of a feature vector."""
        return self._encoder.width

    @torch.no_grad()
    def __call__(
        self, images: Float[Tensor, "n 3 height width"]
    ) -> Float[Tensor, "n rows columns channels"]:
        """Give the maps of pictures, computing only those that are missing.

        Args:
            images: RGB in [0, 1]; the encoder is moved to their device.

        Returns:
            Float32, on the device of the images, without a graph.

        Raises:
            ValueRangeError: If the encoder gives what float16 cannot hold.
        """
        store = self._store
        if store is None:
            return torch.stack([self._encode(image).float() for image in images])
        maps = []
        for key, image in zip(image_keys(images), images, strict=True):
            features = store.read(key)
            if features is None:
                features = self._encode(image)
                store.write(key, features)
            maps.append(features.to(images.device).float())
        return torch.stack(maps)

    def _encode(
        self, image: Float[Tensor, "3 height width"]
    ) -> Float[Tensor, "rows columns channels"]:
        self._encoder.to(image.device)
        with torch.autocast(image.device.type, enabled=False):
            features = self._encoder(image[None].float())[0].half()
        check_finite({"a teacher's features in float16": features})
        return features


def _own_folder(encoder: ImageEncoder, config: ComponentConfig, folder: Path) -> Path:
    """A folder that no encoder of other settings, weights or version shares."""
    facts = {
        "encoder": config.model_dump(mode="json"),
        "weights": hash_state_dict(encoder),
        "gaussrep": gaussrep.__version__,
    }
    name = hashlib.blake2b(repr(sorted(facts.items())).encode(), digest_size=8).hexdigest()
    own = folder / f"{config.type.replace(':', '-')}-{name}"
    if not (own / "encoder.json").exists():
        own.mkdir(parents=True, exist_ok=True)
        write_json(facts, own / "encoder.json")
    return own
