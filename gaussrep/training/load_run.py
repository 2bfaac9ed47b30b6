"""A trained method, back from its run folder."""

from os import PathLike
from pathlib import Path
from typing import Annotated, Any

import yaml

from gaussrep import plugins
from gaussrep.building import build
from gaussrep.config import ComponentConfig, Config, component, load_config
from gaussrep.errors import PluginError, RunError
from gaussrep.methods.method import Method
from gaussrep.training.checkpoint import load_weights
from gaussrep.training.run_folder import RunFolder


class _MethodOnly(Config):
    method: Annotated[ComponentConfig, component("methods")]


def load_run(folder: str | PathLike[str], weights: str | None = None) -> Method:
    """Load what a run learned.

    Args:
        folder: The run's folder. Its data set need not be there any more.
        weights: Name of further weights that a callback wrote, such as `ema`; None loads those of
            the latest checkpoint.

    Returns:
        The method, on the CPU, in evaluation mode.

    Raises:
        RunError: The folder is missing, holds no run or no weights, or needs a plugin that is not
            installed.
    """
    run = RunFolder.open(Path(folder))
    given = _method_of(run)
    try:
        plugins.load("methods", given["type"])
    except PluginError as error:
        raise RunError(f"{run.path} cannot be loaded: {error}") from error
    with run.explained_renames():
        config = load_config(_MethodOnly, {"method": given}, [], [])
    method = build("methods", config.method)
    load_weights(run.weights(weights), method)
    return method.eval()


def _method_of(run: RunFolder) -> dict[str, Any]:
    try:
        method = yaml.safe_load(run.config_file.read_text(encoding="utf-8"))["method"]
        return {"type": method["type"], **method}
    except (yaml.YAMLError, KeyError, TypeError, UnicodeDecodeError) as error:
        raise RunError(
            f"{run.config_file} is damaged: it does not say which method it is of"
        ) from error
