"""The components of the core, registered by the same hooks as those of plugins."""

from gaussrep.plugins.builtin.data import (
    register_captures,
    register_datasets,
    register_formats,
    register_scene_sources,
)
from gaussrep.plugins.builtin.models import (
    register_encoders,
    register_losses,
    register_methods,
    register_renderers,
)
from gaussrep.plugins.builtin.training import (
    register_callbacks,
    register_evaluations,
    register_optimizers,
    register_schedules,
    register_strategies,
)

__all__ = [
    "register_callbacks",
    "register_captures",
    "register_datasets",
    "register_encoders",
    "register_evaluations",
    "register_formats",
    "register_losses",
    "register_methods",
    "register_optimizers",
    "register_renderers",
    "register_scene_sources",
    "register_schedules",
    "register_strategies",
]
