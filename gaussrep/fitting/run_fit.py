"""Run a fit: from posed images to Gaussians in a run folder."""

import time
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from gaussrep.errors import DataError, RunError
from gaussrep.fitting.capture import Capture, open_capture
from gaussrep.fitting.capture_config import CaptureConfig, CaptureDatasetConfig
from gaussrep.fitting.config import FitConfig
from gaussrep.fitting.dataset import CaptureDataset
from gaussrep.fitting.losses import ImageMetrics
from gaussrep.fitting.method import SCENE, SceneFit
from gaussrep.fitting.stored_images import StoredImages
from gaussrep.gaussians import Gaussians
from gaussrep.methods.method import Method
from gaussrep.runtime.console import Progress
from gaussrep.training.config import TrainConfig
from gaussrep.training.data_places import require_data
from gaussrep.training.resumed_config import resumed_config
from gaussrep.training.run_folder import RunFolder
from gaussrep.training.trainer import TrainResult, resume, train


@dataclass(frozen=True, slots=True)
class FitResult:
    """The outcome of a fit.

    Attributes:
        run: The run folder.
        scene: File of the fitted Gaussians.
        steps: Total number of optimizer steps made.
        gaussians: Number of Gaussians.
        metrics: On the held-out views; None if there are none.
        seconds: Duration of the steps of this call.
        rank: The process that returned this result; 0 is the main one.
    """

    run: Path
    scene: Path
    steps: int
    gaussians: int
    metrics: ImageMetrics | None
    seconds: float
    rank: int


def fit(
    config: FitConfig,
    run: str | PathLike[str] | None = None,
    *,
    capture: Capture | None = None,
    init: Gaussians | None = None,
    overwrite: bool = False,
    user_config: dict[str, Any] | None = None,
) -> FitResult:
    """Fit the Gaussians of one scene to posed images.

    The run folder gets `scene.ply` at each checkpoint, `metrics.csv` and, if views are held
    out, `metrics.json`.

    Args:
        config: Settings.
        run: The new run's folder; by default the next free `runs/fit-<n>`.
        capture: The images; by default those of `config.data`.
        init: The first Gaussians, [N]; by default those that `config.init` describes.
        overwrite: Replace the run that the folder holds.
        user_config: Settings as the user gave them, kept beside the resolved configuration.

    Returns:
        File and quality of the scene.

    Raises:
        GaussrepError: A mistake that a user can make: the folder holds a run, a file is damaged,
            the loss is not finite, …
    """
    if run is not None:
        RunFolder(Path(run)).require_new(overwrite=overwrite)
    capture = _open(config.data) if capture is None else capture
    stored = isinstance(capture.train, StoredImages)
    settings = config.train_config(validate=capture.held_out is not None, stored=stored)

    def set_init(method: Method) -> None:
        if init is not None and isinstance(method, SceneFit):
            method.set_gaussians(init)

    began = time.perf_counter()
    result = train(
        settings,
        run,
        overwrite=overwrite,
        user_config=user_config,
        init_hook=set_init,
        datasets=_datasets(settings, capture),
    )
    return _result(result, began)


def resume_fit(
    folder: str | PathLike[str],
    overrides: list[str] | None = None,
    *,
    capture: Capture | None = None,
) -> FitResult:
    """Continue a fit where it was stopped, with the numbers of one that was never stopped.

    Args:
        folder: The fit's run folder.
        overrides: `trainer.steps=…`, to make the fit longer; `data.capture.path=…`, if the
            capture moved; settings that change no Gaussian, such as `trainer.log_every`.
        capture: The images; by default those of the fit's configuration.

    Returns:
        File and quality of the scene.

    Raises:
        RunError: The folder holds no fit, or one that is complete.
        GaussrepError: Any other mistake that a user can make.
    """
    run, _ = open_fit(folder)
    run.latest_checkpoint()  # raises before the capture is read
    config = resumed_config(run, overrides or [])
    if capture is None:
        require_data(run, config.data)
        capture = _open_again(run, _data(config).capture)
    began = time.perf_counter()
    return _result(resume(folder, overrides, datasets=_datasets(config, capture)), began)


def open_fit(folder: str | PathLike[str]) -> tuple[RunFolder, TrainConfig]:
    """Open the run folder of a fit.

    Args:
        folder: The folder.

    Returns:
        The run and its configuration.

    Raises:
        RunError: There is no such folder, it holds no fit, or an older gaussrep wrote it.
        ConfigError: Its configuration is no longer valid.
    """
    run = RunFolder.open(folder)
    config = run.read_config()
    if not isinstance(config.data, CaptureDatasetConfig):
        raise RunError(f"{folder} holds a run of {config.method.type}, not a fit")
    return run, config


def _open(config: CaptureConfig) -> Capture:
    with Progress(f"reading {config.path}"):
        return open_capture(config)


def _open_again(run: RunFolder, config: CaptureConfig) -> Capture:
    try:
        return _open(config)
    except DataError as error:
        raise RunError(
            f"{run.path} was fitted to {config.path}, which cannot be read; if it moved, give "
            f"its new folder by data.path=FOLDER: {error}"
        ) from error


def _data(config: TrainConfig) -> CaptureDatasetConfig:
    assert isinstance(config.data, CaptureDatasetConfig)
    return config.data


def _datasets(config: TrainConfig, capture: Capture) -> dict[str, Any]:
    data = _data(config)
    return {split: CaptureDataset(data, split, capture) for split in ("train", "val")}


def _result(result: TrainResult, began: float) -> FitResult:
    row = result.metrics
    metrics = ImageMetrics(row["val_psnr"], row["val_ssim"]) if "val_psnr" in row else None
    return FitResult(
        run=result.run,
        scene=result.run / SCENE,
        steps=result.steps,
        gaussians=int(row["gaussians"]),
        metrics=metrics,
        seconds=time.perf_counter() - began,
        rank=result.rank,
    )
