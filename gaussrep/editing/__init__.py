"""Functions that edit scenes of Gaussians: select, place, join, sort and decimate them.

`gaussrep edit` chains them on the command line. Every function returns new `Gaussians`.
`Gaussians.transform` applies any similarity, `Gaussians.prune` any mask.
"""

from typing import TYPE_CHECKING

from gaussrep.runtime.lazy_names import lazy_names

if TYPE_CHECKING:
    from gaussrep.editing.decimation import decimate
    from gaussrep.editing.floaters import remove_floaters
    from gaussrep.editing.merging import merge
    from gaussrep.editing.morton import sort
    from gaussrep.editing.placement import rotate, scale, translate
    from gaussrep.editing.selection import crop_box, crop_sphere, prune

__all__ = [
    "crop_box",
    "crop_sphere",
    "decimate",
    "merge",
    "prune",
    "remove_floaters",
    "rotate",
    "scale",
    "sort",
    "translate",
]

_HOMES = {
    "crop_box": "gaussrep.editing.selection",
    "crop_sphere": "gaussrep.editing.selection",
    "decimate": "gaussrep.editing.decimation",
    "merge": "gaussrep.editing.merging",
    "prune": "gaussrep.editing.selection",
    "remove_floaters": "gaussrep.editing.floaters",
    "rotate": "gaussrep.editing.placement",
    "scale": "gaussrep.editing.placement",
    "sort": "gaussrep.editing.morton",
    "translate": "gaussrep.editing.placement",
}

__getattr__ = lazy_names(__name__, _HOMES)
