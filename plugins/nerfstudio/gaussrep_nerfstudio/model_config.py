"""What the model can be told; `gaussrep.fitting.config` says more of each setting."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from nerfstudio.models.base_model import ModelConfig

from gaussrep.fitting import BaseFitConfig
from gaussrep.losses import L1SSIMConfig

DEFAULTS = BaseFitConfig()


@dataclass
class GaussrepModelConfig(ModelConfig):
    """A scene as Gaussians."""

    renderer: str = "auto"
    """Which renderer of gaussrep draws; `auto` takes `cpu` on a CPU and `gsplat` on CUDA."""
    init: Literal["auto", "random", "points", "run"] = "auto"
    """The first Gaussians: spread over the cube that the cameras look at (`random`), at the data's
    points (`points`; `auto` where there are any), or predicted from the points (`run`)."""
    init_count: int = DEFAULTS.init.count
    """How many there are at first; of more points, that many are drawn. Not for `run`."""
    init_run: Path | None = None
    """Folder of a trained run that predicts Gaussians from points, for `init=run`."""
    strategy: str = "default"
    """How Gaussians are added, moved and removed: `default` (3DGS), `mcmc` (3DGS-MCMC), or a
    strategy of a plugin."""
    max_gaussians: int | None = None
    """Most Gaussians; by default 100,000 with `default` and 10,000 with `mcmc`."""
    sh_degree: int = DEFAULTS.sh_degree
    """Degree of the spherical harmonics at the end; they start at 0."""
    ssim_weight: float = L1SSIMConfig().ssim_weight
    """λ in (1 - λ) L1 + λ (1 - SSIM)."""
    depth_weight: float = DEFAULTS.depth_weight
    """Weight of the error of depth in units of the scene's extent, where the data has depth."""
    background: Literal["black", "white", "random"] = "black"
    """What lies behind the Gaussians, and behind pictures with transparency; `random` draws another
    one for every step, and shows black."""
    calibrate: bool = DEFAULTS.calibrate
    """Learn one correction of lens and mounting that all cameras share."""
    encoder: str | None = None
    """Image encoder of gaussrep that teaches the Gaussians features: `statistics`, `timm`, `run`…;
    None leaves them without."""
    encoder_settings: tuple[str, ...] = ()
    """Settings of the encoder, such as `run=runs/gmae-1` or `model=vit_small_patch16_224`."""
    feature_channels: int = 16
    """Length of a Gaussian's feature vector."""
    feature_weight: float = 0.1
    """Weight of one minus the cosine between rendered and taught features."""
    lpips: Literal["off", "if-there", "download"] = "if-there"
    """Whether LPIPS is measured: never, where its weights are on this machine, or at the price of a
    download."""
    settings: tuple[str, ...] = ()
    """Further settings of `gaussrep fit`: `loss.…`, `init.…`, `strategy.…`,
    `sh_interval_fraction=…` and `learning_rates.means_end=…`, such as
    `strategy.grow_gradient=1e-4`."""

    def setup(self, **kwargs: Any) -> Any:
        """Make the model; what is heavy is imported here.

        Raises:
            BrokenComponentError: Something that it needs cannot be imported.
        """
        try:
            from gaussrep_nerfstudio.model import GaussrepModel
        except Exception as error:
            from gaussrep_nerfstudio.broken import broken

            raise broken("the model of gaussrep-nerfstudio", error) from error
        return GaussrepModel(self, **kwargs)
