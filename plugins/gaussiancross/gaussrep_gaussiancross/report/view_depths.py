"""Depth of views, as it was measured and as it was rendered."""

from dataclasses import dataclass

import torch
from einops import repeat
from jaxtyping import Float
from torch import Tensor

from gaussrep.report.palette import near_to_far
from gaussrep_gaussiancross.report.column import Column

NOTHING = 0.88
"""Gray level where there is no depth."""

BLACK = 0.95
"""Quantile of the errors from which on they are black."""


@dataclass(frozen=True, eq=False)
class ViewDepths:
    """Depth of the views of a scene, in the units of its points.

    Attributes:
        real: Measured depth, 0 where there is none.
        said: Rendered depth, 0 where there is none.
    """

    real: Float[Tensor, "v h w"]
    said: Float[Tensor, "v h w"]

    def errors(self) -> Float[Tensor, " v"]:
        """Mean absolute error of each view where depth was measured; NaN where none was."""
        return self._errors().nanmean((1, 2))

    def columns(self, unit: str) -> list[Column]:
        """Draw both in the same colors, near bright and far dark, and their difference.

        Args:
            unit: Of lengths.
        """
        measured = self.real[self.real > 0]
        low, high = measured.aminmax() if len(measured) else self.said.aminmax()
        return [
            Column(f"depth {low:.1f} to {high:.1f} {unit}", _paint(self.real, low, high)),
            Column("rendered depth", _paint(self.said, low, high)),
            self._error_column(unit),
        ]

    def _errors(self) -> Tensor:
        return (self.said - self.real).abs().where(self.real > 0, torch.nan)

    def _error_column(self, unit: str) -> Column:
        errors = self._errors()
        known = errors[errors.isfinite()]
        most = known.kthvalue(max(1, round(BLACK * len(known)))).values if len(known) else 1.0
        ink = (1 - errors / max(float(most), 1e-6)).clamp_min(0).nan_to_num(NOTHING)
        return Column(f"error to {most:.2f} {unit}", repeat(ink, "v h w -> v h w 3"))


def _paint(depths: Tensor, low: Tensor, high: Tensor) -> Tensor:
    colors = near_to_far((depths - low) / (high - low).clamp_min(1e-6))
    return torch.where((depths > 0).cpu()[..., None], colors, NOTHING)
