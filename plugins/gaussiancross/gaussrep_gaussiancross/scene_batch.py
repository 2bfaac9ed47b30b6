"""The points of a batch of scenes, checked and by name."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from gaussrep import Cameras
from gaussrep.errors import DataError
from gaussrep.methods import Batch, sample_uniform

INPUT_CHANNELS = 6
"""Input channels of each point: color and normal (paper's downstream code)."""

POINT_KEYS = ("points", "colors", "normals", "scene", "index")
VIEW_KEYS = ("images", "depths", "viewmats", "Ks", "frames")


@dataclass(frozen=True, eq=False)
class SceneBatch:
    """The points of several scenes, one scene after the other.

    Attributes:
        points: Positions, [P, 3].
        inputs: Color in [-1, 1] and normal of each point, [P, 6].
        scene: Scene of each point, in ascending order, [P].
        scenes: Number of scenes, B.
    """

    points: Float[Tensor, "p 3"]
    inputs: Float[Tensor, "p 6"]
    scene: Int[Tensor, " p"]
    scenes: int

    @classmethod
    def of(cls, batch: Batch) -> "SceneBatch":
        """Read a batch of a data set of scenes.

        Args:
            batch: Tensors by name: `points`, `colors` and `normals` [P, 3], `scene` [P], `index`
                [B].

        Returns:
            The points.

        Raises:
            DataError: If the batch is not one of scenes, or a scene has no points.
        """
        _require(batch, POINT_KEYS, "it is not a data set of scenes")
        scenes = len(batch["index"])
        inputs = torch.cat([2 * batch["colors"] - 1, batch["normals"]], dim=1)
        points = cls(batch["points"], inputs, batch["scene"], scenes)
        if not points.counts.all():
            raise DataError(f"scene {int(points.counts.argmin())} of the batch has no points.")
        return points

    @property
    def counts(self) -> Int[Tensor, " b"]:
        """Number of points of each scene."""
        return self.scene.bincount(minlength=self.scenes)

    def bounds(self) -> tuple[Float[Tensor, "b 3"], Float[Tensor, "b 3"]]:
        """Compute the bounding box of each scene.

        Returns:
            Its lowest and its highest corner.
        """
        scene, empty = self.scene[:, None].expand(-1, 3), self.points.new_zeros(self.scenes, 3)
        low, high = (
            empty.scatter_reduce(0, scene, self.points, reduction, include_self=False)
            for reduction in ("amin", "amax")
        )
        return low, high

    def relative_points(self) -> Float[Tensor, "p 3"]:
        """Shift each scene's lowest corner to 0 and scale its longest side to just under 1.

        Returns:
            The points, in [0, 1).
        """
        low, high = self.bounds()
        side = (high - low).amax(-1, keepdim=True) * (1 + 1e-6)
        return (self.points - low[self.scene]) / side.clamp_min(1e-30)[self.scene]

    def masked(self, ratio: float, seeds: Int[Tensor, " b"]) -> "SceneBatch":
        """Remove a random fraction of the points of each scene, but keep at least one.

        Args:
            ratio: Fraction γ to remove, in [0, 1).
            seeds: Seed of each scene.

        Returns:
            The remaining points.
        """
        if ratio == 0:
            return self
        counts = self.counts
        first = counts.cumsum(0) - counts
        rank = torch.arange(len(self.scene), device=self.scene.device) - first[self.scene]
        ranked = (sample_uniform(seeds[self.scene], rank) + self.scene).argsort()
        remaining = (counts * (1 - ratio)).round().clamp_min(1)
        kept = ranked[rank < remaining[self.scene]].sort().values
        return SceneBatch(self.points[kept], self.inputs[kept], self.scene[kept], self.scenes)


def cameras_of(batch: Batch) -> Cameras:
    """Return the cameras of a batch.

    Args:
        batch: A batch of scenes with views.

    Returns:
        Cameras in the units of the points, [B, V].

    Raises:
        DataError: If the batch has no views.
    """
    _require(batch, VIEW_KEYS, "set data.views to how many frames each scene should come with")
    height, width = batch["images"].shape[-2:]
    return Cameras(batch["viewmats"], batch["Ks"], width, height)


def _require(batch: Batch, names: tuple[str, ...], cure: str) -> None:
    missing = [name for name in names if name not in batch]
    if missing:
        raise DataError(f"the data set provides no {', '.join(missing)}: {cure}.")
