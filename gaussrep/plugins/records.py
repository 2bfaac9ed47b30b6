"""Records by which plugins register their components."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar, Literal

PLUGIN_API = 1
"""Version of the interface between gaussrep and its plugins; every record carries it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Facts about a component that are known without importing it.

    Args:
        name: Short name, `[a-z][a-z0-9-]*`.
        summary: One line for listings.
        target: Import string of the component, `"package.module:Attribute"`.
        config: Import string of its `gaussrep.config.ComponentConfig` class, if it has settings.
        requires: PEP 508 requirements beyond those of the distribution, `"gsplat>=1.4"`.
        run_files: Names of the files and folders that it writes to a run folder besides those of
            every run, `("scene.ply",)`; replacing a run removes them.
        install: Command that installs the requirements, if `pip install` of those names does not.
        api: The `PLUGIN_API` that the plugin was written for. Give the number explicitly if a
            gaussrep with another interface should refuse the plugin.
    """

    noun: ClassVar[str] = "component"

    name: str
    summary: str
    target: str
    config: str | None = None
    requires: tuple[str, ...] = ()
    run_files: tuple[str, ...] = ()
    install: str | None = None
    api: int = PLUGIN_API


@dataclass(frozen=True, slots=True, kw_only=True)
class RendererRecord(Record):
    """A renderer; its target is a `gaussrep.rendering.Renderer`.

    Args:
        devices: Torch device types that it supports: `"cpu"`, `"cuda"`, `"mps"`.
        capabilities: Capabilities: `"differentiable"`, `"features"`, `"depth"`, `"sh"`,
            `"ortho"`, `"pinhole"`, `"opencv"`, `"fisheye"`, `"ideal_fisheye"` (without distortion
            coefficients), `"camera_gradients"`, `"float64"`, `"antialiased"`, `"median_depth"`,
            `"normals"`.
        priority: `renderer="auto"` selects the highest one that fits.
        is_reference_equivalent: Whether its images agree with those of `reference` within the
            tolerances of `gaussrep.testing.RendererContract`. `auto` selects no other renderers.
    """

    noun: ClassVar[str] = "renderer"

    devices: frozenset[str]
    capabilities: frozenset[str]
    priority: int = 0
    is_reference_equivalent: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderRecord(Record):
    """An encoder.

    Args:
        modality: Modality of its input.
        capabilities: `"visible_patches"` if the target is a `gaussrep.encoders.MaskedImageEncoder`,
            which masked autoencoders can train.
    """

    noun: ClassVar[str] = "encoder"

    modality: Literal["image", "points"]
    capabilities: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class LossRecord(Record):
    """A loss."""

    noun: ClassVar[str] = "loss"


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodRecord(Record):
    """A method; its target is a `gaussrep.methods.Method`.

    Args:
        capabilities: Its outputs besides the training loss, by the names of the functions:
            `"gaussians"`, `"embed"`, `"reconstruct"`, `"embedding_layers"`.
        presets: Package whose `*.yaml` resources are presets, `"my_package.presets"`.
        report: Import string of the function behind `gaussrep inspect`.
        paper: Address of the paper.
    """

    noun: ClassVar[str] = "method"

    capabilities: frozenset[str] = frozenset()
    presets: str | None = None
    report: str | None = None
    paper: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetRecord(Record):
    """A data set.

    Args:
        modality: Modality of its samples, `"image"`, `"points"`, `"views"` of a capture.
    """

    noun: ClassVar[str] = "dataset"

    modality: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationRecord(Record):
    """An evaluation; its target is a `gaussrep.evaluation.Evaluation`.

    Args:
        presets: Package whose `*.yaml` resources are presets, `"my_package.presets"`.
    """

    noun: ClassVar[str] = "evaluation"

    presets: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FormatRecord(Record):
    """A file format; its target is a `gaussrep.formats.Format`.

    Args:
        suffixes: File suffixes that it owns, with the dot, `(".ply",)`.
        file_names: Whole names of files that it owns, `("meta.json",)`.
        can_read: Whether it loads files.
        can_write: Whether it saves files.
    """

    noun: ClassVar[str] = "format"

    suffixes: tuple[str, ...]
    file_names: tuple[str, ...] = ()
    can_read: bool = True
    can_write: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRecord(Record):
    """A command of the `gaussrep` program; its target is a function with Typer annotations."""

    noun: ClassVar[str] = "command"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackRecord(Record):
    """A callback of the trainer.

    `target(settings)`, or `target()` if it has no settings, makes a
    `gaussrep.training.Callback`.
    """

    noun: ClassVar[str] = "callback"


@dataclass(frozen=True, slots=True, kw_only=True)
class OptimizerRecord(Record):
    """An optimizer.

    `target(settings, parameters=groups, lr=lr)` makes a `torch.optim.Optimizer`. `groups` is a list
    of mappings with `params` and `weight_decay`, as torch's optimizers take it; `lr` is the
    peak learning rate.
    """

    noun: ClassVar[str] = "optimizer"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleRecord(Record):
    """A learning-rate schedule.

    `target(settings, lr=lr)` makes a `gaussrep.training.Schedule`, whose `factor(step, steps)`
    returns the factor in [0, 1] by which `lr` is multiplied at step `step` of `steps`, from 0.
    """

    noun: ClassVar[str] = "schedule"


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyRecord(Record):
    """A densification strategy of `gaussrep fit`: it adds, moves and removes Gaussians.

    `target(settings, steps=steps, extent=extent)` makes a `gaussrep.fitting.Strategy`, for a fit of
    `steps` optimizer steps to a scene of size `extent` in world units.
    """

    noun: ClassVar[str] = "strategy"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureRecord(Record):
    """A capture format: posed images of one scene, read by `gaussrep fit`.

    `target(settings, path)` reads the capture and returns a `gaussrep.fitting.Capture`. The format
    of a path is found without importing any: it is the one whose `prefix` the path starts with,
    otherwise the one that has a marker in the folder.

    Args:
        markers: Names or glob patterns of files and folders, relative to the capture's folder; one
            that exists identifies the format, `("transforms.json",)`.
        prefix: Start of the names of captures that are not folders, `"synthetic:"`.
        yields_to: Formats that are chosen before this one if a folder has markers of both.
    """

    noun: ClassVar[str] = "capture format"

    markers: tuple[str, ...] = ()
    prefix: str | None = None
    yields_to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneSourceRecord(Record):
    """A source of posed RGB-D scenes, such as the layout of one data set on disk.

    `target(settings, split)` makes a `gaussrep.SceneSource` for `"train"` or `"val"`.
    """

    noun: ClassVar[str] = "scene source"


KINDS: Mapping[str, type[Record]] = MappingProxyType(
    {
        "renderers": RendererRecord,
        "encoders": EncoderRecord,
        "losses": LossRecord,
        "methods": MethodRecord,
        "datasets": DatasetRecord,
        "evaluations": EvaluationRecord,
        "formats": FormatRecord,
        "commands": CommandRecord,
        "callbacks": CallbackRecord,
        "optimizers": OptimizerRecord,
        "schedules": ScheduleRecord,
        "strategies": StrategyRecord,
        "captures": CaptureRecord,
        "scene_sources": SceneSourceRecord,
    }
)
"""Every kind of component, with the class of its records."""
