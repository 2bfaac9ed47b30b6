"""What is measured in one process, and the models that it is measured on (torch-free)."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any

_LIGHT = {"width": 512, "depth": 8, "heads": 16}


class Size(StrEnum):
    """Encoders that are measured."""

    TINY = "tiny"
    SMALL = "small"
    BASE = "base"


SIZES: Mapping[Size, Mapping[str, Any]] = MappingProxyType(
    {
        Size.TINY: {
            "image_size": 32,
            "patch_size": 4,
            "encoder": {"width": 192, "depth": 12, "heads": 3},
            "decoder": {"width": 192, "depth": 4, "heads": 3},
        },
        Size.SMALL: {
            "image_size": 224,
            "patch_size": 16,
            "encoder": {"width": 384, "depth": 12, "heads": 6},
            "decoder": _LIGHT,
        },
        Size.BASE: {
            "image_size": 224,
            "patch_size": 16,
            "encoder": {"width": 768, "depth": 12, "heads": 12},
            "decoder": _LIGHT,
        },
    }
)
"""Settings that both methods take: ViT-Tiny on 32 pixels, ViT-Small and ViT-Base on 224 with the
decoder that MAE and the successor of GMAE use."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One training step to measure.

    Args:
        size: One of `SIZES`.
        queries: Queries k of GMAE; None measures the MAE twin.
        batch: Images per step.
        repeats: How many steps are timed.
        threads: Threads of torch; None leaves torch's own number.
        device: Device type.
        precision: Number format of the forward pass, as in `trainer.precision`.
    """

    size: Size
    queries: int | None
    batch: int
    repeats: int
    threads: int | None
    device: str
    precision: str

    @classmethod
    def from_json(cls, text: str) -> "Cell":
        """Read what `to_json` wrote."""
        fields = json.loads(text)
        return cls(**{**fields, "size": Size(fields["size"])})

    def to_json(self) -> str:
        """One line of JSON."""
        return json.dumps(asdict(self))

    @property
    def settings(self) -> dict[str, Any]:
        """Settings of the method that is measured, all else its defaults."""
        if self.queries is None:
            return {"type": "mae", **SIZES[self.size]}
        return {"type": "gmae", "queries": self.queries, **SIZES[self.size]}
