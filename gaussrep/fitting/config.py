"""Settings of a fit: first Gaussians, learning rates, strategies. Never imports torch."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from gaussrep.config import ComponentConfig, Config, component
from gaussrep.config.paths import AbsolutePath
from gaussrep.errors import ConfigError
from gaussrep.fitting.capture_config import CaptureDatasetConfig, CaptureField
from gaussrep.fitting.strategy_config import Fraction
from gaussrep.formats.suffixes import format_of
from gaussrep.runtime.cuda_driver import require_device
from gaussrep.training.config import TrainConfig, TrainerConfig

STORED_BATCH = 4
"""Maximum number of held-out views rendered at once if the images are read from disk."""


class InitConfig(Config):
    """The Gaussians before the first step; a file name is short for its `path`."""

    type: Literal["auto", "random", "points", "file"] = "auto"
    """`random` fills the cube at which the cameras point; if images are opaque, half of the
    Gaussians go to a larger cube around the cameras. `points` uses the capture's points; `file`
    uses the Gaussians of `path`; `auto` uses the file if one is given, else the points if there are
    any."""
    path: AbsolutePath | None = None
    """File of Gaussians in the capture's coordinates, of any format that gaussrep reads. Its
    spherical harmonics, up to `sh_degree`, are all used from the first step."""
    min_opacity: Fraction = 0.0
    """Gaussians of the file with a lower opacity are left out."""
    count: int = Field(default=2000, ge=4)
    """Number of Gaussians; a random subset if there are more points."""
    opacity: float = Field(default=0.5, gt=0, lt=1)
    """Initial opacity; 0.5 as in 3DGS-MCMC's code (Kheradmand et al. 2024; 3DGS: 0.1)."""
    scale: float | None = Field(default=None, gt=0)
    """Initial standard deviation, relative to the distance to the three nearest neighbors; by
    default 1 for points, as in 3DGS (section 5.1), and 0.3 for random positions, where larger
    Gaussians occlude each other (design choice; 3DGS-MCMC: 0.1)."""

    @model_validator(mode="before")
    @classmethod
    def _expand_file_name(cls, data: Any) -> Any:
        """Read a file name in place of the settings, or of `type`, as `path`."""
        given = {"type": data} if isinstance(data, str) else data
        if isinstance(given, Mapping) and Path(str(given.get("type", ""))).suffix:
            return {**given, "type": "file", "path": given["type"]}
        return given

    @model_validator(mode="after")
    def _check_file(self) -> "InitConfig":
        if self.type == "file" and self.path is None:
            raise ValueError("type is file, but no file is given; give it by init.path=FILE")
        if self.type in ("random", "points") and self.path is not None:
            raise ValueError(f"type is {self.type}, but a file is given; leave out one of them")
        return self

    def preflight(self) -> None:
        """Check that the file is there and has a suffix that is read.

        Raises:
            ConfigError: There is no such file.
            FormatError: No format reads its suffix.
        """
        if self.path is None:
            return
        if not self.path.is_file():
            raise ConfigError(f"init.path: there is no file {self.path}")
        format_of(self.path, reading=True)


class LearningRatesConfig(Config):
    """Adam's learning rates.

    The defaults are those of 3DGS's code (Kerbl et al. 2023), which splatfacto and gsplat's
    examples share.
    """

    means: float = Field(default=1.6e-4, gt=0)
    """Learning rate of the centers at the first step, times the scene's extent."""
    means_end: float = Field(default=1.6e-6, gt=0)
    """Learning rate of the centers after the last step, times the extent; it decays
    exponentially."""
    quats: float = Field(default=1e-3, gt=0)
    """Learning rate of the orientations."""
    scales: float = Field(default=5e-3, gt=0)
    """Learning rate of the logarithms of the standard deviations."""
    opacities: float = Field(default=5e-2, gt=0)
    """Learning rate of the logits of the opacities."""
    sh0: float = Field(default=2.5e-3, gt=0)
    """Learning rate of the color of degree 0."""
    shN: float = Field(default=1.25e-4, gt=0)
    """Learning rate of the higher spherical harmonics: a twentieth of `sh0`."""
    features: float = Field(default=2.5e-3, gt=0)
    """Learning rate of the features (design choice)."""
    calibration: float = Field(default=5e-3, gt=0)
    """Learning rate of the shared camera correction of `calibrate` and `optimize.intrinsics`; it
    decays like `means` (design choice)."""

    exposure: float = Field(default=2e-2, gt=0)
    """Learning rate of the exposures of `optimize.exposure`, except the gains, which follow the
    brightness of the images; it decays by half a cosine (design choice)."""
    poses: float = Field(default=1e-3, gt=0)
    """Learning rate of the poses of `optimize.poses`, in radians and extents; it decays like
    `means` (design choice)."""

    def decay(self, progress: float) -> float:
        """Compute the factor by which the learning rate of the centers has decayed.

        Args:
            progress: Fraction of the steps made, in [0, 1].

        Returns:
            A factor, 1 at the first step.

        Examples:
            >>> round(LearningRatesConfig(means=1e-2, means_end=1e-4).decay(0.5), 9)
            0.1
        """
        return (self.means_end / self.means) ** progress


class OptimizeConfig(Config):
    """Parameters of the views that are learned besides the Gaussians; see also `calibrate`."""

    exposure: bool = False
    """Learn an affine color transform for every training view. The mean over the views is the
    identity, which is used for held-out views."""
    vignetting: bool = False
    """Learn a falloff toward the corners for every training view; requires `exposure`."""
    exposure_weight: float = Field(default=0.1, ge=0)
    """Weight of the mean square of the exposures, without their gains, in the loss (design
    choice)."""
    poses: bool = False
    """Learn a pose correction for every training view, with a mean of zero over the views. Held-out
    views keep the pose of the capture."""
    intrinsics: bool = False
    """Learn factors on the focal lengths and an offset of the principal point, shared by all
    views."""

    @model_validator(mode="after")
    def _check_vignetting(self) -> "OptimizeConfig":
        if self.vignetting and not self.exposure:
            raise ValueError("vignetting is learned with exposure; add optimize.exposure=true")
        return self


class BaseFitConfig(Config):
    """Settings of a fit that do not depend on the training loop."""

    renamed_keys: ClassVar[Mapping[str, str]] = {
        "start": "init",
        "rates": "learning_rates",
        "loss.ssim": "loss.ssim_weight",
        "loss.depth": "depth_weight",
        "sh_share": "sh_interval_fraction",
    }

    init: InitConfig = InitConfig()
    """The first Gaussians."""
    strategy: Annotated[ComponentConfig, component("strategies")] = ComponentConfig(type="default")
    """Densification strategy: `default`, `mcmc` or one from a plugin."""
    learning_rates: LearningRatesConfig = LearningRatesConfig()
    """Learning rates."""
    loss: Annotated[ComponentConfig, component("losses")] = ComponentConfig(type="l1-ssim")
    """Loss between rendered and captured images."""
    depth_weight: float = Field(default=0.0, ge=0)
    """Weight of the mean absolute depth error, in extents, where depth was measured (design
    choice)."""
    sh_degree: int = Field(default=3, ge=0, le=3)
    """Final degree of the spherical harmonics; it starts at 0, except for `init.path`."""
    sh_interval_fraction: Fraction = 1 / 30
    """The degree rises by one after each such fraction of the steps (3DGS: 1000 of 30,000)."""
    background: tuple[Fraction, Fraction, Fraction] = (0.0, 0.0, 0.0)
    """Background RGB, also behind images with transparency."""
    random_background: bool = False
    """Use a random background in each step, so that the Gaussians become opaque where the images
    are."""
    antialiased: bool = False
    """Fit with antialiasing, which `scene.ply` records: compensate opacities for the blur that
    renderers add to small Gaussians, as Mip-Splatting (Yu et al. 2024) and gsplat do, so that
    images at other distances and resolutions stay correct."""
    calibrate: bool = False
    """Learn one correction of lens and mounting for all cameras, for recordings whose color camera
    was not calibrated."""
    optimize: OptimizeConfig = OptimizeConfig()
    """Parameters of the views that are learned besides the Gaussians."""
    renderer: Annotated[ComponentConfig, component("renderers", auto=True)] = ComponentConfig(
        type="auto"
    )
    """The renderer."""

    def sh_degree_at(self, step: int, steps: int) -> int:
        """Compute the degree of the spherical harmonics after some steps.

        Args:
            step: Steps made.
            steps: Total number of steps.

        Returns:
            A degree from 0 to `sh_degree`; always `sh_degree` if the fit starts from a file.
        """
        if self.init.path is not None:
            return self.sh_degree
        interval = max(1, round(self.sh_interval_fraction * steps))
        return min(self.sh_degree, step // interval)


class SceneFitConfig(BaseFitConfig, ComponentConfig):
    """Settings of the method `fit`."""

    seed: int = Field(default=0, ge=0, lt=2**63)
    """Seed of the first Gaussians, random backgrounds and the strategy."""


class FitConfig(BaseFitConfig):
    """All settings of `gaussrep fit`; `train_config` converts them to those of the trainer."""

    renamed_keys: ClassVar[Mapping[str, str]] = {"batch": "batch_size"}

    data: CaptureField
    """The capture."""
    steps: int = Field(default=7000, ge=1)
    """Total number of optimizer steps; 7000 is the shorter of the two schedules of 3DGS."""
    batch_size: int = Field(default=1, ge=1)
    """Views per step."""
    num_workers: int = Field(default=2, ge=0)
    """Processes that decode images ahead if the images exceed `data.max_memory_gb`; 0 decodes
    between the steps."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """`auto` uses an accelerator if there is one."""
    seed: int = Field(default=0, ge=0, lt=2**63)
    """Seed of the initial Gaussians, the order of the views and the random numbers of the steps."""
    evaluate_every: int = Field(default=1000, ge=1)
    """Steps between evaluations on the held-out views, which also run after the last step."""
    evaluate_batch_size: int = Field(default=64, ge=1)
    """Held-out views rendered at once; at most 4 if the images are read from disk."""
    checkpoint_every: int = Field(default=1000, ge=1)
    """Steps between checkpoints; the last step always writes one, and only the latest is kept."""
    log_every: int = Field(default=100, ge=1)
    """Steps between rows of `metrics.csv`."""
    tensorboard: Literal["auto"] | bool = "auto"
    """Write TensorBoard files; `auto` does if tensorboard is installed."""
    callbacks: Mapping[str, Annotated[ComponentConfig, component("callbacks")]] = Field(
        default_factory=dict
    )
    """Callbacks of the trainer by any name."""

    def preflight(self) -> None:
        """Check that a requested device may exist.

        Raises:
            ConfigError: There is none.
        """
        require_device("device", self.device)

    def train_config(self, *, validate: bool = True, stored: bool = False) -> TrainConfig:
        """Convert the settings to those of the trainer.

        Args:
            validate: Whether the capture has held-out views.
            stored: Whether its images are read from disk.

        Returns:
            The configuration of a run of the method `fit`.
        """
        method = {name: getattr(self, name) for name in BaseFitConfig.model_fields}
        trainer = {
            "steps": self.steps,
            "batch_size": self.batch_size,
            "device": self.device,
            "num_workers": self.num_workers if stored else 0,
            "validate_every": self.evaluate_every if validate else 0,
            "validation_batch_size": min(self.evaluate_batch_size, STORED_BATCH)
            if stored
            else self.evaluate_batch_size,
            "evaluations_every": 0,
            "checkpoint_every": self.checkpoint_every,
            "keep_last": 1,
            "log_every": self.log_every,
            "tensorboard": self.tensorboard,
        }
        return TrainConfig(
            method=SceneFitConfig(type="fit", seed=self.seed, **method),
            data=CaptureDatasetConfig(type="capture", capture=self.data),
            trainer=TrainerConfig.model_validate(trainer),
            callbacks=self.callbacks,
            seed=self.seed,
        )
