"""Plugins: records of components, their discovery and loading. Never imports torch.

A plugin is a light module, named by an entry point of the group `gaussrep`, whose functions are
marked with `hookimpl` and yield records:

    from gaussrep.plugins import LossRecord, hookimpl

    @hookimpl
    def register_losses():
        yield LossRecord(name="huber", summary="Huber loss.", target="my_package.huber:Huber")
"""

from gaussrep.plugins.component import CORE, Component
from gaussrep.plugins.failure import PluginFailure
from gaussrep.plugins.hookspecs import hookimpl
from gaussrep.plugins.manager import PluginHost
from gaussrep.plugins.records import (
    KINDS,
    PLUGIN_API,
    CallbackRecord,
    CaptureRecord,
    CommandRecord,
    DatasetRecord,
    EncoderRecord,
    EvaluationRecord,
    FormatRecord,
    LossRecord,
    MethodRecord,
    OptimizerRecord,
    Record,
    RendererRecord,
    SceneSourceRecord,
    ScheduleRecord,
    StrategyRecord,
)
from gaussrep.plugins.registry import failures, find, load, reset
from gaussrep.plugins.registry import list_components as list
from gaussrep.plugins.suggestions import suggest

__all__ = [
    "CORE",
    "KINDS",
    "PLUGIN_API",
    "CallbackRecord",
    "CaptureRecord",
    "CommandRecord",
    "Component",
    "DatasetRecord",
    "EncoderRecord",
    "EvaluationRecord",
    "FormatRecord",
    "LossRecord",
    "MethodRecord",
    "OptimizerRecord",
    "PluginFailure",
    "PluginHost",
    "Record",
    "RendererRecord",
    "SceneSourceRecord",
    "ScheduleRecord",
    "StrategyRecord",
    "failures",
    "find",
    "hookimpl",
    "list",
    "load",
    "reset",
    "suggest",
]
