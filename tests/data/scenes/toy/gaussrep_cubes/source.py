from itertools import product

import torch

from gaussrep.data.scenes.scene import PointCloud
from gaussrep.data.scenes.source import SceneSource
from gaussrep.errors import CapabilityError


class CubeSource(SceneSource):
    """The corners of a cube; the even scenes are for training."""

    def __init__(self, config, split):
        first = ("train", "val").index(split)
        super().__init__([f"cube{n}" for n in range(first, config.scenes, 2)], ("corner",))
        self._side = config.side

    def cloud(self, name):
        points = self._side * torch.tensor(list(product((0.0, 1.0), repeat=3)))
        zeros = torch.zeros(8, dtype=torch.int64)
        return PointCloud(points, torch.ones(8, 3), torch.eye(3)[zeros], zeros, zeros.clone())

    def frames(self, name):
        raise CapabilityError(f"{name}: cubes have no frames; set data.views=0.")
