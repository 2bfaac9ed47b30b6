"""File formats of Gaussians: PLY, compressed PLY, SPZ, SOG, glTF, USD, `.splat` and `.ksplat`."""

from typing import TYPE_CHECKING

from gaussrep.runtime.lazy_names import lazy_names

if TYPE_CHECKING:
    from gaussrep.formats.by_suffix import load, save
    from gaussrep.formats.format import Format

__all__ = ["Format", "load", "save"]

_HOMES = {
    "Format": "gaussrep.formats.format",
    "load": "gaussrep.formats.by_suffix",
    "save": "gaussrep.formats.by_suffix",
}

__getattr__ = lazy_names(__name__, _HOMES)
