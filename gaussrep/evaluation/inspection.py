"""Report on samples of a run's data set or on images of the user."""

from collections.abc import Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Protocol, runtime_checkable

import torch

from gaussrep import plugins
from gaussrep.building import build
from gaussrep.config import ComponentConfig
from gaussrep.data.crops import center_crop, image_size_of
from gaussrep.data.image_files import read_image
from gaussrep.data.sample import SampleKey
from gaussrep.errors import CapabilityError
from gaussrep.evaluation.features import LabeledDataset
from gaussrep.methods.report import Report, ReportSamples
from gaussrep.training.checkpoint import load_run, opened_run
from gaussrep.training.data_places import require_named_data
from gaussrep.training.loading import CollatingDataset, MapDataset
from gaussrep.training.run_folder import RunFolder

HELD_OUT = 16
"""Number of held-out images in a report if none is named."""


@runtime_checkable
class NamedImages(MapDataset, Protocol):
    """A data set whose images have names."""

    def name_of(self, index: int, /) -> str:
        """Return the name of an image."""
        ...


@runtime_checkable
class NamedScenes(CollatingDataset, Protocol):
    """A data set whose samples have names."""

    names: tuple[str, ...]

    def index_of(self, name: str, /) -> int:
        """Find the index of a scene."""
        ...


def report_samples(data: ComponentConfig, names: Sequence[str]) -> ReportSamples:
    """Load the samples of a report.

    Args:
        data: The run's data set.
        names: Image files or scenes; if it is empty, held-out samples: some images, or the
            first scene.

    Returns:
        The samples.

    Raises:
        DataError: A sample cannot be read.
        CapabilityError: The data set has no samples of these names.
    """
    if _modality(data) == "points":
        return _scenes(data, names)
    if _modality(data) == "views":
        return _views(data, names)
    return _image_files(data, names) if names else _held_out(data)


def _modality(data: ComponentConfig) -> str:
    return plugins.find("datasets", data.type).record.modality


def _scenes(data: ComponentConfig, names: Sequence[str]) -> ReportSamples:
    dataset = build("datasets", data, split="val")
    if not isinstance(dataset, NamedScenes):
        raise CapabilityError(f"data set {data.type!r} does not give its scenes by name.")
    names = names or dataset.names[:1]
    samples = [dataset[SampleKey(dataset.index_of(name))] for name in names]
    classes = dataset.classes if isinstance(dataset, LabeledDataset) else ()
    return ReportSamples(tuple(names), dataset.collate(samples), classes=classes)


def _views(data: ComponentConfig, names: Sequence[str]) -> ReportSamples:
    """Load held-out views of a capture, or fitted ones if none is held out."""
    if names:
        raise CapabilityError("views of a capture have no names; give the run alone.")
    dataset, noun = build("datasets", data, split="val"), "held-out view"
    if not len(dataset):
        dataset, noun = build("datasets", data, split="train"), "fitted view"
    count = min(len(dataset), HELD_OUT)
    samples = [dataset[SampleKey(i)] for i in range(count)]
    batch = {name: torch.stack([sample[name] for sample in samples]) for name in samples[0]}
    return ReportSamples(tuple(f"{noun} {i}" for i in range(count)), batch)


def _held_out(data: ComponentConfig) -> ReportSamples:
    dataset = build("datasets", data, split="val")
    count = min(len(dataset), HELD_OUT)
    images = [dataset[SampleKey(i)]["image"] for i in range(count)]
    name_of = dataset.name_of if isinstance(dataset, NamedImages) else "sample {}".format
    return ReportSamples(tuple(map(name_of, range(count))), {"image": torch.stack(images)})


def _image_files(data: ComponentConfig, paths: Sequence[str]) -> ReportSamples:
    size = image_size_of(data)
    images = [center_crop(read_image(Path(path)), size) for path in paths]
    return ReportSamples(tuple(paths), {"image": torch.stack(images)})


def inspect_run(
    run: str | PathLike[str],
    names: Sequence[str],
    folder: str | PathLike[str],
    overrides: Sequence[str] = (),
    trust: Sequence[str] = (),
) -> Report:
    """Write the report of a run's method.

    Args:
        run: The run's folder.
        names: Image files, cropped to their central square, or scenes of the run's data set;
            held-out samples if it is empty.
        folder: Folder to write to.
        overrides: `data.root=…`, if the data set moved.
        trust: Names whose code may be run or which may be downloaded; see `load_run`.

    Returns:
        The page and a summary, which ends with the step of the weights.

    Raises:
        RunError: The folder holds no run.
        DataError: An image, a scene or the data set cannot be read.
        CapabilityError: The method has no report.
    """
    run_folder = RunFolder.open(run)
    config = run_folder.read_config(list(overrides))
    write_report = plugins.find("methods", config.method.type).load_report()
    if write_report is None:
        raise CapabilityError(f"method {config.method.type!r} has no report to write.")
    if not names or _modality(config.data) != "image":
        require_named_data(run_folder, config.data, overrides)
    step = max(run_folder.checkpoints(), default=None)
    samples = replace(report_samples(config.data, names), step=step)
    with opened_run(run_folder, trust):
        report = write_report(load_run(run), samples, run_folder.path, Path(folder))
    return report if step is None else replace(report, summary=f"{report.summary} Step {step:,}.")
