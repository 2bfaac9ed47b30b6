"""What a fit can be told. Never imports torch."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from gaussrep.config import ComponentConfig, Config, component
from gaussrep.fitting.strategy_config import CloneSplitConfig, McmcConfig

Share = Annotated[float, Field(ge=0, le=1)]


class CaptureConfig(Config):
    """Which pictures are fitted."""

    path: str
    """A folder that holds `transforms.json`, the folder of an RGB-D recording, or
    `synthetic:balls`."""
    size: int | None = Field(default=None, ge=8)
    """Length of the pictures' longer side in pixels; smaller pictures stay as they are."""
    hold_out: int = Field(default=10, ge=2)
    """Every how many views one is held out, the last of each such group."""
    cache: str | None = None
    """Folder for the cloud that is fused from an RGB-D recording; by default the recording's."""


class StartConfig(Config):
    """The Gaussians before the first step."""

    type: Literal["auto", "random", "points"] = "auto"
    """`random` fills the cube that the cameras look at; `points` takes the capture's own points;
    `auto` takes points where there are any."""
    count: int = Field(default=2000, ge=4)
    """How many Gaussians; of more points, that many are drawn."""
    opacity: float = Field(default=0.5, gt=0, lt=1)
    """Opacity of all; 0.5 as in 3DGS-MCMC's code (Kheradmand et al. 2024), where 3DGS has 0.1."""
    scale: float | None = Field(default=None, gt=0)
    """Standard deviation in units of the distance to the three nearest neighbors; by default 1 at
    points, as in 3DGS (section 5.1), and 0.3 at random places, which is ours: large ones hide each
    other there. 3DGS-MCMC's code has 0.1."""


class RatesConfig(Config):
    """Adam's learning rates.

    Those of the code of 3DGS (Kerbl et al. 2023), which splatfacto and gsplat's examples share.
    """

    means: float = Field(default=1.6e-4, gt=0)
    """Of the centers at the first step, times the scene's extent."""
    means_end: float = Field(default=1.6e-6, gt=0)
    """Of the centers after the last step, times the extent; in between it decays exponentially."""
    quats: float = Field(default=1e-3, gt=0)
    """Of the orientations."""
    scales: float = Field(default=5e-3, gt=0)
    """Of the logarithms of the standard deviations."""
    opacities: float = Field(default=5e-2, gt=0)
    """Of the logits of the opacities."""
    sh0: float = Field(default=2.5e-3, gt=0)
    """Of the color that does not depend on the view."""
    shN: float = Field(default=1.25e-4, gt=0)
    """Of the higher spherical harmonics: a twentieth of `sh0`."""
    features: float = Field(default=2.5e-3, gt=0)
    """Of further channels; ours."""
    calibration: float = Field(default=5e-3, gt=0)
    """Of the cameras' shared correction, where `calibrate` is on; decays as that of the centers.
    Ours."""


class LossConfig(Config):
    """How a rendered picture is compared with the one that was taken."""

    ssim: Share = 0.2
    """λ in (1 - λ) L1 + λ (1 - SSIM); 0.2 in 3DGS (section 5.1 with 1 - SSIM as in splatfacto)."""
    depth: float = Field(default=0.0, ge=0)
    """Weight of the mean absolute error of depth in units of the extent, where depth was measured;
    ours."""


def _as_strategy(value: Any) -> Any:
    if isinstance(value, str):
        return {"type": value}
    return {"type": "default", **value} if isinstance(value, dict) else value


StrategyConfig = Annotated[
    McmcConfig | CloneSplitConfig, Field(discriminator="type"), BeforeValidator(_as_strategy)
]


class FitConfig(Config):
    """Everything that decides what a fit computes."""

    data: CaptureConfig
    """The pictures."""
    steps: int = Field(default=7000, ge=1)
    """Optimizer steps in all; 7000 is the shorter of the two lengths in 3DGS."""
    batch: int = Field(default=1, ge=1)
    """Views per step."""
    start: StartConfig = StartConfig()
    """The first Gaussians."""
    strategy: StrategyConfig = CloneSplitConfig()
    """How Gaussians come and go: `default` or `mcmc`, with its settings."""
    rates: RatesConfig = RatesConfig()
    """Learning rates."""
    loss: LossConfig = LossConfig()
    """The loss."""
    sh_degree: int = Field(default=3, ge=0, le=3)
    """Degree of the spherical harmonics at the end; they start at 0."""
    sh_share: Share = 1 / 30
    """Share of all steps after which the degree rises by one: 1000 of 30,000 in 3DGS."""
    background: tuple[Share, Share, Share] = (0.0, 0.0, 0.0)
    """RGB behind the Gaussians, and behind pictures with transparency."""
    random_background: bool = False
    """Draw another background for every step: where pictures are opaque, so become the
    Gaussians."""
    calibrate: bool = False
    """Learn one correction of lens and mounting that all cameras share, for recordings whose color
    camera is not the one that was calibrated."""
    renderer: Annotated[ComponentConfig, component("renderers", auto=True)] = ComponentConfig(
        type="auto"
    )
    """Which renderer draws."""
    device: str = "auto"
    """`auto` takes a CUDA device where there is one; otherwise `cpu`, `cuda`, `cuda:1`."""
    seed: int = Field(default=0, ge=0, lt=2**63)
    """Of the start, the order of the views and all that is random in the steps."""
    evaluate_every: int = Field(default=1000, ge=1)
    """Steps between measurements on the held-out views, which also follow the last step."""
    checkpoint_every: int = Field(default=1000, ge=1)
    """Steps between checkpoints; the last step always writes one, and the latest stays."""
    log_every: int = Field(default=100, ge=1)
    """Steps between rows of `metrics.csv`."""

    def sh_degree_at(self, step: int) -> int:
        """Degree of the spherical harmonics after so many steps."""
        every = max(1, round(self.sh_share * self.steps))
        return min(self.sh_degree, step // every)
