"""Every hook of gaussrep. A plugin implements those it needs; each yields records."""

# pyright: reportReturnType=false

from collections.abc import Iterable

import pluggy

from gaussrep.plugins.records import (
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

PROJECT = "gaussrep"
"""Name of the pluggy project and of the entry-point group."""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)
"""Marks a plugin's function as the implementation of the hook of the same name."""


@hookspec
def register_renderers() -> Iterable[RendererRecord]:
    """Renderers: `yield RendererRecord(..., devices=frozenset({"cpu"}), capabilities=...)`."""


@hookspec
def register_encoders() -> Iterable[EncoderRecord]:
    """Encoders: `yield EncoderRecord(name=..., summary=..., target=..., modality="image")`."""


@hookspec
def register_losses() -> Iterable[LossRecord]:
    """Losses: `yield LossRecord(name="huber", summary="Huber.", target="pkg.huber:Huber")`."""


@hookspec
def register_methods() -> Iterable[MethodRecord]:
    """Methods: `yield MethodRecord(name=..., summary=..., target=..., presets="pkg.presets")`."""


@hookspec
def register_datasets() -> Iterable[DatasetRecord]:
    """Data sets: `yield DatasetRecord(name=..., summary=..., target=..., modality="image")`."""


@hookspec
def register_evaluations() -> Iterable[EvaluationRecord]:
    """Evaluations: `yield EvaluationRecord(name="knn", summary="kNN.", target="pkg.knn:KNN")`."""


@hookspec
def register_formats() -> Iterable[FormatRecord]:
    """Formats: `yield FormatRecord(name=..., summary=..., target=..., suffixes=(".ply",))`."""


@hookspec
def register_commands() -> Iterable[CommandRecord]:
    """Commands: `yield CommandRecord(name="hi", summary="Greet.", target="pkg.hi:hi")`."""


@hookspec
def register_callbacks() -> Iterable[CallbackRecord]:
    """Callbacks: `yield CallbackRecord(name="ema", summary="Weights.", target="pkg.ema:Ema")`."""


@hookspec
def register_optimizers() -> Iterable[OptimizerRecord]:
    """Optimizers: `yield OptimizerRecord(name="sgd", summary="SGD.", target="pkg.sgd:sgd")`."""


@hookspec
def register_schedules() -> Iterable[ScheduleRecord]:
    """Schedules: `yield ScheduleRecord(name="step", summary="Steps.", target="pkg.step:Step")`."""


@hookspec
def register_strategies() -> Iterable[StrategyRecord]:
    """Densification strategies: `yield StrategyRecord(name=..., summary=..., target=...)`."""


@hookspec
def register_captures() -> Iterable[CaptureRecord]:
    """Capture formats: `yield CaptureRecord(name=..., summary=..., target=..., markers=...)`."""


@hookspec
def register_scene_sources() -> Iterable[SceneSourceRecord]:
    """Sources of RGB-D scenes: `yield SceneSourceRecord(name=..., summary=..., target=...)`."""
