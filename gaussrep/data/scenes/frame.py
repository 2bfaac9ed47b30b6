"""Frame: one posed RGB-D picture of a scene."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, UInt8


@dataclass(frozen=True, eq=False)
class Frame:
    """One posed RGB-D picture.

    Args:
        image: RGB.
        depth: Distance along the optical axis in meters, 0 where it was not measured.
        viewmat: World-to-camera matrix, camera axes as OpenCV has them.
    """

    image: UInt8[np.ndarray, "height width 3"]
    depth: Float32[np.ndarray, "height width"]
    viewmat: Float32[np.ndarray, "4 4"]
