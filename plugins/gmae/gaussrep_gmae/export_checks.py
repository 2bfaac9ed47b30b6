"""Checks of an export that need no torch."""

from pathlib import Path

from gaussrep import TrainConfig
from gaussrep.config import load_config
from gaussrep.errors import CapabilityError, ConfigError, RunError
from gaussrep_gmae.config import MaskedConfig


def require_new_folder(folder: Path) -> None:
    """Check that a folder does not exist.

    Args:
        folder: The folder to write.

    Raises:
        RunError: It exists, or has the name of a file.
    """
    if folder.suffix == ".safetensors":
        raise RunError(f"{folder} would be a folder; name it without {folder.suffix}.")
    if folder.exists():
        raise RunError(f"{folder} exists already; remove it or name another folder.")


def require_masked_run(run: Path) -> None:
    """Check that a run is one of GMAE or MAE.

    Args:
        run: Folder of a run, or a published run, which is not checked.

    Raises:
        RunError: The folder is not a run folder.
        CapabilityError: The run is of another method.
    """
    if ":" in str(run):
        return
    file = run / "config.yaml"
    if not file.is_file():
        raise RunError(f"{run} is not a run folder: it has no config.yaml")
    try:
        method = load_config(TrainConfig, None, [file]).method
    except ConfigError:  # of an older version, which `load_run` explains
        return
    if not isinstance(method, MaskedConfig):
        raise CapabilityError(
            f"{run} is a run of {method.type!r}, which has no vision transformer to export; "
            "expected a gmae or mae run."
        )
