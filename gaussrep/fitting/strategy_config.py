"""Settings of densification strategies. Never imports torch."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field

from gaussrep.config import ComponentConfig

Fraction = Annotated[float, Field(ge=0, le=1)]


class DefaultStrategyConfig(ComponentConfig):
    """Settings of `default`.

    The defaults are those of 3DGS and gsplat's DefaultStrategy unless stated otherwise. Times of
    events are fractions of all steps, so a short fit keeps their order: 500, 15,000 and 3000 of
    30,000.
    """

    renamed_keys: ClassVar[Mapping[str, str]] = {
        "start": "start_fraction",
        "stop": "stop_fraction",
        "every": "refine_every",
        "reset_share": "reset_fraction",
        "most": "max_gaussians",
    }

    start_fraction: Fraction = 500 / 30_000
    """Fraction of the steps before the first change."""
    stop_fraction: Fraction = 0.5
    """Fraction of the steps after which nothing changes."""
    refine_every: int = Field(default=100, ge=1)
    """Steps between changes."""
    grow_gradient: float = Field(default=2e-4, gt=0)
    """Mean length of the loss's gradient with respect to the projected center, in half images,
    above which a Gaussian is cloned or split."""
    split_scale: float = Field(default=0.01, gt=0)
    """Standard deviation, in extents, above which a Gaussian is split instead of cloned."""
    prune_scale: float = Field(default=0.1, gt=0)
    """Standard deviation, in extents, above which a Gaussian is removed, after the first reset of
    opacities."""
    prune_opacity: float = Field(default=0.005, gt=0, lt=1)
    """Opacity below which a Gaussian is removed."""
    reset_fraction: float = Field(default=0.1, gt=0, le=1)
    """Fraction of the steps between resets of all opacities to twice `prune_opacity`."""
    max_gaussians: int = Field(default=100_000, ge=1)
    """Maximum number of Gaussians; those with the largest gradients grow first (design choice)."""


class MCMCStrategyConfig(ComponentConfig):
    """Settings of `mcmc`.

    The defaults are those of 3DGS-MCMC (Kheradmand et al. 2024) and gsplat's MCMCStrategy unless
    stated otherwise.
    """

    renamed_keys: ClassVar[Mapping[str, str]] = {
        "most": "max_gaussians",
        "start": "start_fraction",
        "stop": "stop_fraction",
        "every": "refine_every",
        "full": "full_fraction",
    }

    max_gaussians: int = Field(default=10_000, ge=1)
    """Final number of Gaussians (design choice: the paper uses up to a million, for images of a
    million pixels)."""
    start_fraction: Fraction = 500 / 30_000
    """Fraction of the steps before the first change."""
    stop_fraction: Fraction = 25_000 / 30_000
    """Fraction of the steps after which no Gaussian is relocated or added."""
    refine_every: int = Field(default=100, ge=1)
    """Steps between changes."""
    full_fraction: Fraction = 0.5
    """Fraction of the steps at which `max_gaussians` is reached; the number grows geometrically
    until then (design choice: the paper adds 5 % at each change, too few for a short fit)."""
    dead_opacity: float = Field(default=0.005, gt=0, lt=1)
    """Opacity below which a Gaussian counts as dead and is relocated to a living one."""
    noise: float = Field(default=5e5, ge=0)
    """Strength of the noise on the centers of faint Gaussians, times their learning rate."""
    opacity_weight: float = Field(default=0.01, ge=0)
    """Weight of the mean opacity in the loss."""
    scale_weight: float = Field(default=0.01, ge=0)
    """Weight of the mean standard deviation, in extents, in the loss."""
