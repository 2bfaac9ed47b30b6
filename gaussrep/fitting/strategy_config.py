"""Settings of the strategies by which Gaussians come and go. Never imports torch."""

from typing import Annotated, Literal

from pydantic import Field

from gaussrep.config import Config

Share = Annotated[float, Field(ge=0, le=1)]


class CloneSplitConfig(Config):
    """Settings of `default`.

    Those of 3DGS and gsplat's DefaultStrategy unless said otherwise. Steps at which something
    happens are shares of all steps, so that a short fit keeps the order of events: 500, 15,000 and
    3000 of 30,000.
    """

    type: Literal["default"] = "default"
    """Name of the strategy."""
    start: Share = 500 / 30_000
    """Share of the steps before the first change."""
    stop: Share = 0.5
    """Share of the steps after which nothing changes."""
    every: int = Field(default=100, ge=1)
    """Steps between changes."""
    grow_gradient: float = Field(default=2e-4, gt=0)
    """Mean length of the loss's gradient by the projected center, in half pictures, above which a
    Gaussian is cloned or split."""
    split_scale: float = Field(default=0.01, gt=0)
    """Standard deviation in extents above which it is split instead of cloned."""
    prune_scale: float = Field(default=0.1, gt=0)
    """Standard deviation in extents above which it is removed, once opacities were reset."""
    prune_opacity: float = Field(default=0.005, gt=0, lt=1)
    """Opacity below which it is removed."""
    reset_share: float = Field(default=0.1, gt=0, le=1)
    """Share of the steps between resets of all opacities to twice `prune_opacity`."""
    most: int = Field(default=100_000, ge=1)
    """Most Gaussians; of those that would grow, the ones with the largest gradients do. Ours."""


class McmcConfig(Config):
    """Settings of `mcmc`.

    Those of 3DGS-MCMC (Kheradmand et al. 2024) and gsplat's MCMCStrategy unless said otherwise.
    """

    type: Literal["mcmc"] = "mcmc"
    """Name of the strategy."""
    most: int = Field(default=10_000, ge=1)
    """Gaussians at the end. Ours: the paper takes up to a million, for pictures of a million
    pixels."""
    start: Share = 500 / 30_000
    """Share of the steps before the first change."""
    stop: Share = 25_000 / 30_000
    """Share of the steps after which none is moved or added."""
    every: int = Field(default=100, ge=1)
    """Steps between changes."""
    full: Share = 0.5
    """Share of the steps at which there are `most`; their number grows geometrically until then.
    Ours: the paper adds 5 % at each change, which in a short fit adds too few."""
    dead_opacity: float = Field(default=0.005, gt=0, lt=1)
    """Opacity below which a Gaussian is moved to where a living one is."""
    noise: float = Field(default=5e5, ge=0)
    """Strength of the noise on the centers of faint Gaussians, times their learning rate."""
    opacity_weight: float = Field(default=0.01, ge=0)
    """Weight of the mean opacity in the loss."""
    scale_weight: float = Field(default=0.01, ge=0)
    """Weight of the mean standard deviation, in extents, in the loss."""
