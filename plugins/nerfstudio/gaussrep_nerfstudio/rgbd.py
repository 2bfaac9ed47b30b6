"""The data parser for posed RGB-D frames."""

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import torch
from jaxtyping import Float
from nerfstudio.cameras.cameras import Cameras, CameraType
from nerfstudio.data.dataparsers.base_dataparser import DataParser, DataparserOutputs
from nerfstudio.data.scene_box import SceneBox
from torch import Tensor

from gaussrep import Cuboid, similarity
from gaussrep.data import FrameRef
from gaussrep_nerfstudio.cameras import opengl_poses
from gaussrep_nerfstudio.cloud import CLOUD, KnownCloud
from gaussrep_nerfstudio.rgbd_scene import RgbdScene, find_rgbd_scene
from gaussrep_nerfstudio.scene_images import FRAME_REFS

if TYPE_CHECKING:
    from gaussrep_nerfstudio.rgbd_config import RgbdDataParserConfig


class RgbdDataParser(DataParser):
    """Finds the frames and points of one recording or scene."""

    config: "RgbdDataParserConfig"

    @cached_property
    def scene(self) -> RgbdScene:
        """The frames and points, in meters, z up."""
        return find_rgbd_scene(self.config)

    @cached_property
    def to_box(self) -> Float[Tensor, "4 4"]:
        """From meters to the units of the model."""
        if not self.config.normalize:
            return torch.eye(4)
        cuboid = Cuboid.fit(self.scene.cloud.points, quantile=self.config.outlier_fraction)
        enlarge = torch.diag(torch.tensor([self.config.side] * 3 + [1.0]))
        return enlarge @ cuboid.matrix

    def _generate_dataparser_outputs(
        self, split: str = "train", **kwargs: object
    ) -> DataparserOutputs:
        refs = self.scene.train if split == "train" else self.scene.held_out
        scale, _, _ = similarity.decompose(self.to_box)
        known = KnownCloud(self.scene.cloud, self.to_box)
        return DataparserOutputs(
            image_filenames=[ref.color for ref in refs],
            cameras=self._cameras(refs),
            scene_box=SceneBox(aabb=self._box()),
            metadata={
                FRAME_REFS: refs,
                CLOUD: known,
                "points3D_xyz": known.points,
                "points3D_rgb": (255 * known.cloud.colors).round().byte(),
            },
            dataparser_transform=self.to_box[:3] / scale,
            dataparser_scale=scale.item(),
        )

    def _box(self) -> Float[Tensor, "2 3"]:
        if self.config.normalize:
            return torch.tensor([[-0.5] * 3, [0.5] * 3]) * self.config.side
        points = self.scene.cloud.points
        return torch.stack([points.amin(0), points.amax(0)])

    def _cameras(self, refs: Sequence[FrameRef]) -> Cameras:
        scale, rotation, offset = similarity.decompose(self.to_box)
        viewmats = torch.from_numpy(np.stack([ref.viewmat for ref in refs])).double()
        poses = opengl_poses(viewmats)
        places = scale * poses[:, :, 3] @ rotation.double().mT + offset
        poses = torch.cat([rotation.double() @ poses[:, :, :3], places[..., None]], dim=-1)
        sizes, Ks = zip(*(self._lens(ref) for ref in refs), strict=True)
        K = torch.from_numpy(np.stack(Ks)).float()
        return Cameras(
            camera_to_worlds=poses.float(),
            fx=K[:, 0, 0],
            fy=K[:, 1, 1],
            cx=K[:, 0, 2],
            cy=K[:, 1, 2],
            width=torch.tensor([width for width, _ in sizes]),
            height=torch.tensor([height for _, height in sizes]),
            camera_type=CameraType.PERSPECTIVE,
        )

    def _lens(self, ref: FrameRef) -> tuple[tuple[int, int], Float[np.ndarray, "3 3"]]:
        """Width, height and camera matrix of a frame's images."""
        rows, columns = ref.size(self.config.image_size)
        return (columns, rows), ref.intrinsics_at((rows, columns))
