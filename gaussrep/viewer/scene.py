"""The scene that the viewer shows."""

from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep.cameras import Cameras
from gaussrep.embedding.principal_colors import PrincipalColors
from gaussrep.gaussians import Gaussians

UP = (0.0, -1.0, 0.0)
"""Up direction without cameras: -y, as in gaussrep's camera axes."""
WHITE = (1.0, 1.0, 1.0)


@dataclass(frozen=True, eq=False)
class ViewerScene:
    """Gaussians with their title and cameras.

    Attributes:
        title: Title of the scene.
        gaussians: One scene on the CPU, without padding.
        cameras: Cameras of the scene's images, [V]; None if they are not known.
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
        """Colors of the Gaussians' features; None if they have none."""
        features = self.gaussians.features
        return None if features is None or not len(features) else PrincipalColors.of(features)

    @property
    def up(self) -> Float[Tensor, " 3"]:
        """Mean up direction of the cameras' images, a unit vector."""
        if self.cameras is None:
            return torch.tensor(UP)
        up = -self.cameras.viewmats[:, 1, :3].mean(0)
        return torch.nn.functional.normalize(up, dim=0) if up.norm() > 1e-3 else torch.tensor(UP)
