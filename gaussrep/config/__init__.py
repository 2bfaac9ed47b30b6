"""Configurations: frozen pydantic models, files, overrides and presets. Never imports torch."""

from gaussrep.config.base import ComponentConfig, Config
from gaussrep.config.components import component, resolve
from gaussrep.config.load import dump_yaml, load_config
from gaussrep.config.paths import AbsolutePath
from gaussrep.config.presets import preset, presets

__all__ = [
    "AbsolutePath",
    "ComponentConfig",
    "Config",
    "component",
    "dump_yaml",
    "load_config",
    "preset",
    "presets",
    "resolve",
]
