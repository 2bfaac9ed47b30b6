"""Settings of the model; `gaussrep.fitting.config` describes them in detail."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from nerfstudio.models.base_model import ModelConfig

from gaussrep.fitting import BaseFitConfig
from gaussrep_nerfstudio.renamed_settings import rename_settings

DEFAULTS = BaseFitConfig()
RENAMED = {
    "start": "init",
    "start_count": "init_count",
    "start_run": "init_run",
    "most": "max_gaussians",
}
"""Present names of settings by their names in older runs."""


@dataclass
class GaussrepModelConfig(ModelConfig):
    """Settings of the Gaussians of one scene."""

    renderer: str = "auto"
    """Renderer of gaussrep; `auto` uses `cpu` on a CPU and `triton` on CUDA."""
    init: Literal["auto", "random", "points", "run"] = "auto"
    """The first Gaussians: uniformly in the cube at which the cameras point (`random`), at the
    points of the data (`points`; `auto` if there are any), or predicted from the points
    (`run`)."""
    init_count: int = DEFAULTS.init.count
    """Initial number of Gaussians; a random subset if there are more points. Not for `run`."""
    init_run: Path | None = None
    """Folder of a trained run that predicts Gaussians from points, for `init=run`."""
    strategy: str = "default"
    """Densification strategy: `default` (3DGS), `mcmc` (3DGS-MCMC), or one from a plugin."""
    max_gaussians: int | None = None
    """Maximum number of Gaussians; by default 100,000 with `default` and 10,000 with `mcmc`."""
    sh_degree: int = DEFAULTS.sh_degree
    """Final degree of the spherical harmonics; it starts at 0."""
    ssim_weight: float = 0.2
    """Weight w in (1 - w) L1 + w (1 - SSIM) (3DGS)."""
    depth_weight: float = DEFAULTS.depth_weight
    """Weight of the depth error, in extents, if the data has depth."""
    background: Literal["black", "white", "random"] = "black"
    """Background of the Gaussians and of images with transparency; `random` uses a random color in
    each step, and black for evaluation."""
    calibrate: bool = DEFAULTS.calibrate
    """Learn one correction of lens and mounting for all cameras."""
    encoder: str | None = None
    """Image encoder of gaussrep whose features are distilled: `statistics`, `timm`, `run`…; None
    disables features."""
    encoder_settings: tuple[str, ...] = ()
    """Settings of the encoder, such as `run=runs/gmae-1` or `model=vit_small_patch16_224`."""
    encoder_trust: tuple[str, ...] = ()
    """Repositories whose code may be run and weights that may be downloaded, such as
    `NVlabs/RADIO`."""
    feature_channels: int = 16
    """Length of a Gaussian's feature vector."""
    feature_weight: float = 0.1
    """Weight of one minus the cosine between rendered and target features."""
    lpips: Literal["off", "if-there", "download"] = "if-there"
    """Whether to measure LPIPS: never, only if its weights are on this machine, or after a
    download."""
    settings: tuple[str, ...] = ()
    """Additional settings of `gaussrep fit`: `loss.…`, `init.opacity`, `init.scale`, `strategy.…`,
    `sh_interval_fraction=…` and `learning_rates.means_end=…`, such as
    `strategy.grow_gradient=1e-4`."""

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Read the settings of a run, which may be older."""
        self.__dict__.update(rename_settings(state, RENAMED))

    def setup(self, **kwargs: Any) -> Any:
        """Build the model; torch-dependent modules are imported here.

        Raises:
            BrokenComponentError: A requirement cannot be imported.
        """
        try:
            from gaussrep_nerfstudio.model import GaussrepModel
        except Exception as error:
            from gaussrep_nerfstudio.broken import broken

            raise broken("the model of gaussrep-nerfstudio", error) from error
        return GaussrepModel(self, **kwargs)
