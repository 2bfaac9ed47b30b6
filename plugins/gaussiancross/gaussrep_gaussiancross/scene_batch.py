"""SceneBatch: the points of a batch, checked and by name."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from gaussrep.cameras import Cameras
from gaussrep.errors import DataError
from gaussrep.methods.method import Batch

CHANNELS = 6
"""Numbers that an encoder is told of each point: color and normal (paper's downstream code)."""

NEEDED = ("points", "colors", "normals", "scene", "index")
SEEN = ("images", "depths", "viewmats", "Ks", "frames")


@dataclass(frozen=True, eq=False)
class SceneBatch:
    """The points of several scenes, one scene after the other.

    Attributes:
        points: Positions, [P, 3].
        inputs: Color in [-1, 1] and normal of each point, [P, 6].
        scene: Which scene each point belongs to, not falling, [P].
        scenes: Number of scenes, B.
    """

    points: Float[Tensor, "p 3"]
    inputs: Float[Tensor, "p 6"]
    scene: Int[Tensor, " p"]
    scenes: int

    @classmethod
    def of(cls, batch: Batch) -> "SceneBatch":
        """Read a batch of a data set of scenes.

        Raises:
            DataError: If it is not one, or a scene has no points.
        """
        _require(batch, NEEDED, "it is not a data set of scenes")
        scenes = len(batch["index"])
        inputs = torch.cat([2 * batch["colors"] - 1, batch["normals"]], dim=1)
        found = cls(batch["points"], inputs, batch["scene"], scenes)
        if not found.counts.all():
            raise DataError(f"scene {int(found.counts.argmin())} of the batch has no points.")
        return found

    @property
    def counts(self) -> Int[Tensor, " b"]:
        """Number of points of each scene."""
        return self.scene.bincount(minlength=self.scenes)

    def bounds(self) -> tuple[Float[Tensor, "b 3"], Float[Tensor, "b 3"]]:
        """Lowest and highest corner of each scene."""
        scene, empty = self.scene[:, None].expand(-1, 3), self.points.new_zeros(self.scenes, 3)
        low, high = (
            empty.scatter_reduce(0, scene, self.points, how, include_self=False)
            for how in ("amin", "amax")
        )
        return low, high

    def relative_points(self) -> Float[Tensor, "p 3"]:
        """Positions with the lowest corner of each scene at 0 and its longest side just under 1."""
        low, high = self.bounds()
        side = (high - low).amax(-1, keepdim=True) * (1 + 1e-6)
        return (self.points - low[self.scene]) / side.clamp_min(1e-30)[self.scene]

    def masked(self, ratio: float) -> "SceneBatch":
        """Remove a share of the points of each scene, at random; one at least stays.

        Args:
            ratio: Share γ that is removed, in [0, 1).
        """
        if ratio == 0:
            return self
        order = torch.rand_like(self.points[:, 0], dtype=torch.float64) + self.scene
        ranked = order.argsort()
        counts = self.counts
        first = counts.cumsum(0) - counts
        rank = torch.arange(len(ranked), device=ranked.device) - first[self.scene]
        stay = (counts * (1 - ratio)).round().clamp_min(1)
        kept = ranked[rank < stay[self.scene]].sort().values
        return SceneBatch(self.points[kept], self.inputs[kept], self.scene[kept], self.scenes)


def cameras_of(batch: Batch) -> Cameras:
    """The cameras of a batch, [B, V].

    Raises:
        DataError: If the batch has no views.
    """
    _require(batch, SEEN, "set data.views to how many frames each scene should come with")
    height, width = batch["images"].shape[-2:]
    return Cameras(batch["viewmats"], batch["Ks"], width, height)


def _require(batch: Batch, names: tuple[str, ...], cure: str) -> None:
    missing = [name for name in names if name not in batch]
    if missing:
        raise DataError(f"the data set gives no {', '.join(missing)}: {cure}.")
