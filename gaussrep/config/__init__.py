"""Configurations: frozen pydantic models, files, overrides and presets. Never imports torch."""

from gaussrep.config.base import ComponentConfig, Config
from gaussrep.config.components import component, resolve
from gaussrep.config.load import load_config
from gaussrep.config.paths import AbsolutePath
from gaussrep.config.presets import presets

__all__ = [
    "AbsolutePath",
    "ComponentConfig",
    "Config",
    "component",
    "load_config",
    "presets",
    "resolve",
]
