"""SceneModel: Gaussians as the parameters of a module, and their optimizers."""

from typing import Any

import torch
from torch import Tensor, nn

from gaussrep import sh
from gaussrep.fitting.config import LearningRatesConfig
from gaussrep.gaussians import Gaussians
from gaussrep.training.optimization import fused_adam

LOGIT_EPS = 1e-6
"""Initial opacities keep this distance from 0 and 1, so that their logits are finite; design
choice."""
EPSILON = 1e-15
"""Adam's ε in 3DGS's code: gradients are tiny."""


class SceneModel(nn.Module):
    """The Gaussians of one scene before their activations.

    `raw` holds `means`, `quats`, `scales` (logarithms), `opacities` (logits), `sh0` [N, 1, 3],
    `shN` [N, K - 1, 3] if the degree is above 0, and `features` if there are any. Loading the
    weights of another number of Gaussians resizes the module; optimizers of its parameters stay
    valid.

    Attributes:
        antialiased: Whether the Gaussians are rendered with antialiasing, those of `gaussians`.

    Args:
        gaussians: Initial Gaussians, [N]; plain colors become spherical harmonics.
        sh_degree: Degree of the spherical harmonics; coefficients that `gaussians` lack are zero,
            those beyond the degree are dropped.
    """

    def __init__(self, gaussians: Gaussians, sh_degree: int = 3) -> None:
        super().__init__()
        init = gaussians.detach()
        bases = (sh_degree + 1) ** 2
        coefficients = init.means.new_zeros(init.count, bases, 3)
        present = init.sh if init.colors is None else sh.from_rgb(init.colors)
        assert present is not None
        kept = present[:, :bases]
        coefficients[:, : kept.shape[1]] = kept
        raw = {
            "means": init.means,
            "quats": init.quats,
            "scales": init.scales.log(),
            "opacities": init.opacities.logit(LOGIT_EPS),
            "sh0": coefficients[:, :1],
        }
        if sh_degree:
            raw["shN"] = coefficients[:, 1:]
        if init.features is not None:
            raw["features"] = init.features
        self.antialiased = init.antialiased
        self.raw = nn.ParameterDict({name: tensor.clone() for name, tensor in raw.items()})

    @property
    def count(self) -> int:
        """Number of Gaussians, N."""
        return len(self.raw["means"])

    @property
    def sh_degree(self) -> int:
        """Highest degree with coefficients."""
        higher = self.raw["shN"].shape[1] if "shN" in self.raw else 0
        return sh.degree_of(1 + higher)

    def gaussians(self, sh_degree: int | None = None) -> Gaussians:
        """Compute the Gaussians that renderers take, with gradients to the parameters.

        Args:
            sh_degree: Leave out coefficients above this degree; None keeps all.

        Returns:
            One scene, [N], with `sh`.
        """
        degree = self.sh_degree if sh_degree is None else min(sh_degree, self.sh_degree)
        coefficients = self.raw["sh0"]
        if degree:
            higher = self.raw["shN"][:, : (degree + 1) ** 2 - 1]
            coefficients = torch.cat([coefficients, higher], dim=1)
        return Gaussians(
            means=self.raw["means"],
            quats=self.raw["quats"],
            scales=self.raw["scales"].exp(),
            opacities=self.raw["opacities"].sigmoid(),
            sh=coefficients,
            features=self.raw.get("features"),
            antialiased=self.antialiased,
        )

    def _load_from_state_dict(
        self, state_dict: dict[str, Tensor], prefix: str, *args: Any, **kwargs: Any
    ) -> None:
        """Resize the parameters to the number of Gaussians in the weights before loading them."""
        for name, parameter in self.raw.items():
            saved = state_dict.get(f"{prefix}raw.{name}")
            if saved is not None and saved.shape[1:] == parameter.shape[1:]:
                parameter.grad = None
                parameter.data = parameter.data.new_empty(saved.shape)
        super()._load_from_state_dict(state_dict, prefix, *args, **kwargs)


def placeholder_gaussians(channels: int | None = None) -> Gaussians:
    """Make one transparent Gaussian, to be replaced by those of a checkpoint.

    Args:
        channels: Length of the feature vectors; None for none.

    Returns:
        One scene of one Gaussian.
    """
    return Gaussians(
        means=torch.zeros(1, 3),
        quats=torch.eye(4)[:1],
        scales=torch.ones(1, 3),
        opacities=torch.zeros(1),
        colors=torch.zeros(1, 3),
        features=None if channels is None else torch.zeros(1, channels),
    )


def make_optimizers(
    scene: SceneModel, learning_rates: LearningRatesConfig, extent: float
) -> dict[str, torch.optim.Optimizer]:
    """Make one Adam per tensor of a scene.

    Args:
        scene: The scene to optimize.
        learning_rates: Learning rates.
        extent: Size of the scene in scene units, a factor of the centers' learning rate.

    Returns:
        One optimizer per tensor of `scene.raw`, by its name.
    """
    adam = fused_adam()
    optimizers: dict[str, torch.optim.Optimizer] = {}
    for name, parameter in scene.raw.items():
        lr = getattr(learning_rates, name) * (extent if name == "means" else 1.0)
        optimizers[name] = adam([parameter], lr=lr, eps=EPSILON, fused=True)
    return optimizers
