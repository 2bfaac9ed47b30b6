"""The configuration of a new run, from a method, a preset, files and overrides."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gaussrep import plugins
from gaussrep.config import load_config
from gaussrep.config import preset as find_preset
from gaussrep.errors import ConfigError
from gaussrep.training.config import TrainConfig


def train_config(
    method: str,
    preset: str | None = None,
    files: Sequence[Path] = (),
    overrides: Sequence[str] = (),
) -> TrainConfig:
    """Resolve the configuration of a new run.

    Args:
        method: Name of the method, as on the command line.
        preset: Name of one of its presets, or None.
        files: YAML files, later ones on top.
        overrides: `dotted.key=value`, on top of all.

    Returns:
        The whole configuration.

    Raises:
        PluginError: There is no such method.
        ConfigError: There is no such preset, a setting is wrong, or a file is of another method.
    """
    component = plugins.find("methods", method)
    layer: dict[str, Any] = {} if preset is None else find_preset(component, preset)
    layer = {**layer, "method": {**layer.get("method", {}), "type": method}}
    config = load_config(TrainConfig, layer, list(files), list(overrides))
    if plugins.find("methods", config.method.type) != component:
        raise ConfigError(
            f"method.type is {config.method.type!r} in the settings, but the command trains "
            f"{method!r}; give the same method in both"
        )
    return config
