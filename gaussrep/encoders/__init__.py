"""Encoders of images and point clouds."""

from typing import TYPE_CHECKING

from gaussrep.lazy_names import lazy_names

if TYPE_CHECKING:
    from gaussrep.encoders.encoder import ImageEncoder, PointEncoder
    from gaussrep.encoders.masked_encoder import MaskedImageEncoder

__all__ = ["ImageEncoder", "MaskedImageEncoder", "PointEncoder"]

_HOMES = {
    "ImageEncoder": "gaussrep.encoders.encoder",
    "MaskedImageEncoder": "gaussrep.encoders.masked_encoder",
    "PointEncoder": "gaussrep.encoders.encoder",
}

__getattr__ = lazy_names(__name__, _HOMES)
