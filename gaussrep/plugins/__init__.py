"""Plugins: records of components, their discovery and loading. Never imports torch.

A plugin is a light module, named by an entry point of the group `gaussrep`, whose functions are
marked with `hookimpl` and yield records:

    from gaussrep.plugins import LossRecord, hookimpl

    @hookimpl
    def register_losses():
        yield LossRecord(name="huber", summary="Huber loss.", target="my_package.huber:Huber")
"""

from gaussrep.plugins.component import Component
from gaussrep.plugins.hookspecs import hookimpl
from gaussrep.plugins.records import (
    KINDS,
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
    RendererRecord,
    SceneSourceRecord,
    ScheduleRecord,
    StrategyRecord,
)
from gaussrep.plugins.registry import failures, find
from gaussrep.plugins.registry import list_components as list

__all__ = [
    "KINDS",
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
    "RendererRecord",
    "SceneSourceRecord",
    "ScheduleRecord",
    "StrategyRecord",
    "failures",
    "find",
    "hookimpl",
    "list",
]
