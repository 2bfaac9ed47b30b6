"""Scene: what a page shows."""

from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep.cameras import Cameras
from gaussrep.embedding.principal_colors import PrincipalColors
from gaussrep.gaussians import Gaussians

UP = (0.0, -1.0, 0.0)
"""Up where no camera says it: against y, as our camera axes have it."""
WHITE = (1.0, 1.0, 1.0)


@dataclass(frozen=True, eq=False)
class Scene:
    """Gaussians, and what their source knows about them.

    Attributes:
        title: What it is.
        gaussians: On the CPU, without batch axes and without padding.
        cameras: Where it was seen from, [V]; None where the source does not say.
        background: RGB behind the Gaussians, in [0, 1].
    """

    title: str
    gaussians: Gaussians
    cameras: Cameras | None = None
    background: tuple[float, float, float] = WHITE

    @property
    def caption(self) -> str:
        """One line about the scene."""
        return f"{self.title}: {self.gaussians.count:,} Gaussians"

    @cached_property
    def feature_colors(self) -> PrincipalColors | None:
        """Colors of the Gaussians' features; None where they carry none."""
        features = self.gaussians.features
        return None if features is None or not len(features) else PrincipalColors.of(features)

    @property
    def up(self) -> Float[Tensor, " 3"]:
        """The mean direction that is up in the cameras' pictures."""
        if self.cameras is None:
            return torch.tensor(UP)
        up = -self.cameras.viewmats[:, 1, :3].mean(0)
        return torch.nn.functional.normalize(up, dim=0) if up.norm() > 1e-3 else torch.tensor(UP)
