"""SceneModel: Gaussians as the parameters of a module."""

from typing import Any

import torch
from torch import Tensor, nn

from gaussrep import sh
from gaussrep.gaussians import Gaussians

CLOSEST = 1e-6
"""Opacities start no closer to 0 and 1 than this, so that their logits are finite; ours."""


class SceneModel(nn.Module):
    """The Gaussians of one scene before their activations.

    `raw` holds `means`, `quats`, `scales` (logarithms), `opacities` (logits), `sh0` [N, 1, 3],
    `shN` [N, K - 1, 3] where the degree is above 0, and `features` where there are any. Weights of
    another number of Gaussians load: the module takes on their number, and optimizers that were
    made of its parameters stay valid.

    Args:
        gaussians: What it starts from, without batch axes; plain colors become spherical
            harmonics.
        sh_degree: Degree of the spherical harmonics; coefficients that `gaussians` lack are zero,
            those that it has beyond are dropped.
    """

    def __init__(self, gaussians: Gaussians, sh_degree: int = 3) -> None:
        super().__init__()
        start = gaussians.detach()
        bases = (sh_degree + 1) ** 2
        coefficients = start.means.new_zeros(start.count, bases, 3)
        given = start.sh if start.colors is None else sh.from_rgb(start.colors)
        assert given is not None
        kept = given[:, :bases]
        coefficients[:, : kept.shape[1]] = kept
        raw = {
            "means": start.means,
            "quats": start.quats,
            "scales": start.scales.log(),
            "opacities": start.opacities.logit(CLOSEST),
            "sh0": coefficients[:, :1],
        }
        if sh_degree:
            raw["shN"] = coefficients[:, 1:]
        if start.features is not None:
            raw["features"] = start.features
        self.raw = nn.ParameterDict({name: tensor.clone() for name, tensor in raw.items()})

    @property
    def count(self) -> int:
        """Number of Gaussians, N."""
        return len(self.raw["means"])

    @property
    def sh_degree(self) -> int:
        """Highest degree that there are coefficients for."""
        higher = self.raw["shN"].shape[1] if "shN" in self.raw else 0
        return sh.degree_of(1 + higher)

    def gaussians(self, sh_degree: int | None = None) -> Gaussians:
        """The Gaussians as renderers take them, with gradients to the parameters.

        Args:
            sh_degree: Leave out coefficients above this degree; None keeps all.

        Returns:
            One scene with `sh`.
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
        )

    def _load_from_state_dict(
        self, state_dict: dict[str, Tensor], prefix: str, *args: Any, **kwargs: Any
    ) -> None:
        """Take on the number of Gaussians of the weights before they are loaded."""
        for name, parameter in self.raw.items():
            saved = state_dict.get(f"{prefix}raw.{name}")
            if saved is not None and saved.shape[1:] == parameter.shape[1:]:
                parameter.grad = None
                parameter.data = parameter.data.new_empty(saved.shape)
        super()._load_from_state_dict(state_dict, prefix, *args, **kwargs)
