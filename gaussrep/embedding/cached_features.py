"""The features of a teacher, each picture's computed once."""

import hashlib
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

import gaussrep
from gaussrep.checks import check_finite
from gaussrep.config import ComponentConfig
from gaussrep.embedding.feature_store import FeatureStore
from gaussrep.embedding.picture_keys import picture_keys
from gaussrep.encoders.image_encoder import ImageEncoder
from gaussrep.json_file import write_json
from gaussrep.methods.digest import digest_of

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
        for key, image in zip(picture_keys(images), images, strict=True):
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
        "weights": digest_of(encoder),
        "gaussrep": gaussrep.__version__,
    }
    name = hashlib.blake2b(repr(sorted(facts.items())).encode(), digest_size=8).hexdigest()
    own = folder / f"{config.type.replace(':', '-')}-{name}"
    if not (own / "encoder.json").exists():
        own.mkdir(parents=True, exist_ok=True)
        write_json(facts, own / "encoder.json")
    return own
