"""Conversion of the run folder of a fit from b960736, which had a trainer of its own."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from gaussrep.building import build
from gaussrep.config import load_config
from gaussrep.config.migration import rename_keys
from gaussrep.config.yaml_text import read_yaml
from gaussrep.errors import RunError
from gaussrep.fitting.capture import open_capture
from gaussrep.fitting.config import FitConfig
from gaussrep.fitting.dataset import CaptureDataset
from gaussrep.fitting.method import METRICS, Densification, SceneFit
from gaussrep.runtime.plain_files import read_json
from gaussrep.training.checkpoint import copy_weights, read_checkpoint, write_checkpoint
from gaussrep.training.config import TrainConfig
from gaussrep.training.migrate import RENAMED_FILES, rename_files, replace_config
from gaussrep.training.run_folder import RunFolder

FILES: Mapping[str, str] = MappingProxyType({**RENAMED_FILES, "fidelity.json": METRICS})
"""New name by old name of files of a fit."""
STRATEGY_STATE: Mapping[str, str] = MappingProxyType({"pull": "gradient"})
"""New name by old name of tensors in the state of a strategy."""


def migrate_fit(run: RunFolder) -> list[str]:
    """Convert settings, checkpoint and file names of a fit, so that it can be resumed.

    The original configuration is kept as `config.yaml.old`. A conversion that was interrupted may
    be started again.

    Args:
        run: The folder of the fit; its capture must be where it was.

    Returns:
        One line per change.

    Raises:
        GaussrepError: The configuration is not valid even with the new names, the capture cannot
            be read, a checkpoint is damaged, or the folder cannot be written.
    """
    settings, renamed = rename_keys(FitConfig, _typed(read_yaml(run.config_file)))
    config = load_config(FitConfig, settings)
    capture = open_capture(config.data)
    converted = config.train_config(validate=capture.held_out is not None)
    dataset = CaptureDataset(converted.data, "train", capture)  # pyright: ignore[reportArgumentType]
    try:
        lines = [
            _convert_checkpoint(run, folder, converted, dataset)
            for folder in run.checkpoints().values()
            if "gaussians" in read_json(folder / "state.json")
        ]
        return [
            *lines,
            *rename_files(run.path, FILES),
            *replace_config(run, converted, renamed),
        ]
    except OSError as error:
        raise RunError(
            f"cannot convert the run folder {run.path}: {error.strerror or error}"
        ) from error


def _typed(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Set the type of a capture with a cache to `recording`; drop the number of a device."""
    found = dict(settings)
    if settings.get("data", {}).get("cache") is not None:
        found["data"] = {"type": "recording", **settings["data"]}
    if str(settings.get("device")).startswith("cuda:"):
        found["device"] = "cuda"
    return found


def _convert_checkpoint(
    run: RunFolder, folder: Path, config: TrainConfig, dataset: CaptureDataset
) -> str:
    method: SceneFit = build("methods", config.method)
    method.setup(dataset)
    tensors, state = read_checkpoint(folder, method.scene)
    extent = {"extent": method.calibration.extent}
    method.calibration.load_state_dict({**tensors["calibration"], **extent})
    optimizers = {**tensors["optimizers"], "calibration": tensors["tuning"]}
    strategy = {STRATEGY_STATE.get(key, key): each for key, each in tensors["strategy"].items()}
    converted = {
        "engine": {
            "optimizers": [optimizers[name] for name in method.configure_optimizers()],
            "scaler": None,
        },
        "random": [],
        "others": {f"method/{Densification.__name__}": strategy},
    }
    epoch, samples = divmod(state["step"] * config.trainer.batch_size, len(dataset))
    progress = {"step": state["step"], "epoch": epoch, "samples": samples, "best": None}
    write_checkpoint(folder, method, converted, progress)
    copy_weights(folder, run.weights_file)
    return f"{folder} was converted"
