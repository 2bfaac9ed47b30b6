"""Features of a teacher, computed once per image."""

import hashlib
import logging
from pathlib import Path
from tokenize import TokenError

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

import gaussrep
from gaussrep.checks import check_finite
from gaussrep.config import ComponentConfig
from gaussrep.encoders.encoder import ImageEncoder
from gaussrep.methods.digest import hash_state_dict
from gaussrep.runtime.atomic_files import atomic_write, write_json
from gaussrep.runtime.plain_files import require_plain
from gaussrep.trust import require_trusted_path

logger = logging.getLogger("gaussrep.embedding")

DAMAGES = (
    OSError,
    ValueError,
    EOFError,
    SyntaxError,
    TokenError,
    MemoryError,
    OverflowError,
    RecursionError,
)
"""What NumPy raises for a file that is not a whole array of plain numbers."""


class FeatureStore:
    """A folder of float16 feature maps, safe for any number of processes.

    Each file is written under a temporary name and renamed, so it is complete or absent; two
    processes that write the same map write the same numbers.

    Args:
        folder: Folder of the maps; created if missing.
        width: Length of a feature vector; a file of another width counts as damaged.
        limit: Maximum bytes of the files; beyond it nothing is written. Each process counts the
            files that it finds and adds, so together they may exceed it slightly.
    """

    def __init__(self, folder: Path, width: int, limit: int) -> None:
        self._folder, self._width, self._limit = folder, width, limit
        self._bytes = sum(file.stat().st_size for file in folder.glob("*/*.npy"))
        self._writes = True

    def read(self, key: str) -> Float[Tensor, "rows columns channels"] | None:
        """Read a map.

        Args:
            key: Name of the map, hexadecimal digits.

        Returns:
            The map, float16; None if it does not exist or, with a warning, if its file is damaged.
        """
        file = self._file(key)
        try:
            require_plain(file)
            values = np.load(file, allow_pickle=False)
        except FileNotFoundError:
            return None
        except DAMAGES as error:
            logger.warning("%s is damaged (%s) and is made again", file, error)
            return None
        if values.dtype != np.float16 or values.ndim != 3 or values.shape[-1] != self._width:
            logger.warning("%s holds something else (%s) and is made again", file, values.dtype)
            return None
        if not np.isfinite(values).all():
            logger.warning("%s holds values that are not finite and is made again", file)
            return None
        return torch.from_numpy(values)

    def write(self, key: str, features: Float[Tensor, "rows columns channels"]) -> None:
        """Write a map; if the store is full or the folder cannot be written, warn once.

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
    """Hash the pixels of each image, rounded to 256 levels.

    Args:
        images: RGB in [0, 1], on any device.

    Returns:
        32 hexadecimal digits each, the same on every machine; images of another size, or with a
        pixel that differs by a level, have other keys.
    """
    levels = (images.detach().clamp(0, 1) * 255).round().to(torch.uint8).cpu().contiguous()
    height, width = images.shape[-2:]
    return [
        hashlib.blake2b(
            image.numpy().tobytes(), digest_size=16, person=b"%dx%d" % (height, width)
        ).hexdigest()
        for image in levels
    ]


DEFAULT_LIMIT = 50_000_000_000
"""Bytes on the disk (design choice): 27,000 maps of 30 x 40 vectors of length 768."""


class CachedFeatures:
    """Encodes images with a frozen encoder and caches the feature maps.

    A map is keyed by the pixels of its image and by the encoder's settings and weights, so it is
    never that of another image: an augmented image has features of its own. With random color
    augmentation hardly any image repeats, and no folder should be given.

    Images are encoded one by one, in float32, and rounded to float16 whether cached or not: a run
    gets the same numbers with a full folder, an empty one and none.

    Args:
        encoder: Frozen, in evaluation mode, as from `build_teacher`.
        config: Its settings.
        folder: Folder of the cache, with a subfolder per encoder; None caches nothing.
        limit: Maximum bytes of the encoder's subfolder.
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
            require_trusted_path(folder)
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
        """Return the feature maps of images, computing only those that are missing.

        Args:
            images: RGB in [0, 1]; the encoder is moved to their device.

        Returns:
            Float32, on the device of the images, detached.

        Raises:
            ValueRangeError: If a feature exceeds the range of float16.
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
            features = self._encoder.checked(image[None].float())[0].half()
        check_finite({"a teacher's features in float16": features})
        return features


def _own_folder(encoder: ImageEncoder, config: ComponentConfig, folder: Path) -> Path:
    """Return a subfolder that only encoders of these settings, weights and version use."""
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
