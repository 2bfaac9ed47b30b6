"""The run folder of a fit. Never imports torch."""

import shutil
from pathlib import Path
from typing import Any

import yaml

from gaussrep.config import dump_yaml, load_config
from gaussrep.errors import RunError
from gaussrep.fitting.config import FitConfig
from gaussrep.json_file import write_json
from gaussrep.replacing import replacing
from gaussrep.training.run_folder import RunFolder
from gaussrep.training.versions import collect_versions

SCENE = "scene.ply"
_RESULTS = ("metrics.csv", SCENE, "fidelity.json", "calibration.json")


def create_folder(
    path: Path, config: FitConfig, given: dict[str, Any], *, overwrite: bool = False
) -> RunFolder:
    """Start a new fit in a folder.

    Args:
        path: The folder; made where it is missing.
        config: The resolved configuration, kept as `config.yaml`.
        given: What the user gave, kept as `given.yaml`.
        overwrite: Remove the results of the fit that the folder holds; other files in it stay.

    Returns:
        The folder.

    Raises:
        RunError: The folder holds a run and `overwrite` is off, or it cannot be written.
    """
    run = RunFolder(path)
    if not overwrite:
        run.require_unused()
    try:
        path.mkdir(parents=True, exist_ok=True)
        for name in _RESULTS:
            (path / name).unlink(missing_ok=True)
        shutil.rmtree(run.checkpoints_folder, ignore_errors=True)
        _write(path / "given.yaml", yaml.safe_dump(given, sort_keys=False))
        write_json(collect_versions(), path / "versions.json")
        _write(run.config_file, dump_yaml(config))
    except OSError as error:
        raise RunError(f"cannot write the run folder {path}: {error.strerror}") from error
    return run


def open_folder(path: Path) -> tuple[RunFolder, FitConfig]:
    """Find a fit to go on with.

    Raises:
        RunError: There is no such folder, or it holds no fit.
        ConfigError: Its configuration is no longer valid.
    """
    run = RunFolder.open(path)
    return run, load_config(FitConfig, None, [run.config_file])


def _write(path: Path, text: str) -> None:
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
