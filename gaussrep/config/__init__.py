"""Configurations: frozen pydantic models, files, overrides and presets. Never imports torch."""

from gaussrep.config.base import ComponentConfig, Config
from gaussrep.config.components import component, resolve
from gaussrep.config.load import load_config

__all__ = [
    "ComponentConfig",
    "Config",
    "component",
    "load_config",
    "resolve",
]
