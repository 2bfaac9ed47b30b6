"""RawFrames: the RGB-D frames of a raw ScanNet scene."""

from abc import ABC, abstractmethod
from collections.abc import Mapping

import numpy as np
from jaxtyping import Float64

from gaussrep.data.scenes.frame import Frame


class RawFrames(ABC):
    """Frames that are read one at a time.

    Args:
        intrinsics: Camera matrix of the depth; pixel centers lie at +0.5.
        viewmats: World-to-camera matrices of the frames with finite poses, by number, in the order
            of time.
    """

    def __init__(
        self,
        intrinsics: Float64[np.ndarray, "3 3"],
        viewmats: Mapping[int, Float64[np.ndarray, "4 4"]],
    ) -> None:
        self.intrinsics = intrinsics
        self.viewmats = viewmats

    @abstractmethod
    def read(self, number: int) -> Frame:
        """Read a frame.

        Args:
            number: One of `viewmats`.

        Returns:
            The frame; its photograph has the depth's size.

        Raises:
            UnreadableFileError: If it is damaged.
        """
