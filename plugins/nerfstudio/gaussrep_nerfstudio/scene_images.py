"""The data set of images and depth for nerfstudio's data manager."""

from typing import Any

import numpy as np
import torch
from jaxtyping import Float, UInt8
from nerfstudio.data.dataparsers.base_dataparser import DataparserOutputs
from nerfstudio.data.datasets.base_dataset import InputDataset
from nerfstudio.data.utils.data_utils import get_depth_image_from_path
from torch import Tensor

FRAME_REFS, CAMERAS = "gaussrep_shots", "gaussrep_cameras"
"""Where frames that are not read yet, and the cameras for the model, lie in the metadata."""


class SceneImages(InputDataset):
    """Images of any data parser, with depth if there is any.

    Args:
        dataparser_outputs: Files and cameras; frames of `gaussrep-rgbd` are read by gaussrep.
        scale_factor: Factor on width and height.
    """

    def __init__(self, dataparser_outputs: DataparserOutputs, scale_factor: float = 1.0) -> None:
        super().__init__(dataparser_outputs, scale_factor)
        self.exclude_batch_keys_from_device = [*self.exclude_batch_keys_from_device, "depth_image"]
        self.metadata[CAMERAS] = self.cameras

    def get_numpy_image(self, image_idx: int) -> UInt8[np.ndarray, "h w c"]:
        """Read an image; see the base class."""
        if FRAME_REFS not in self.metadata:
            return super().get_numpy_image(image_idx)
        return self._frame(image_idx).image

    def get_metadata(self, data: dict[str, Any]) -> dict[str, Tensor]:
        """Read the depth of an image, in the units of the model."""
        depth = self._depth(data["image_idx"])
        return {} if depth is None else {"depth_image": depth}

    def _depth(self, number: int) -> Float[Tensor, "h w 1"] | None:
        scale = self._dataparser_outputs.dataparser_scale
        if FRAME_REFS in self.metadata:
            return torch.from_numpy(scale * self._frame(number).depth)[..., None]
        files = self.metadata.get("depth_filenames")
        if not files:
            return None
        height, width = self._size(number)
        unit = scale * self.metadata["depth_unit_scale_factor"]
        return get_depth_image_from_path(files[number], height, width, unit)

    def _frame(self, number: int) -> Any:
        return self.metadata[FRAME_REFS][number].read(self._size(number))

    def _size(self, number: int) -> tuple[int, int]:
        return int(self.cameras.height[number]), int(self.cameras.width[number])
