"""Show what a run makes of images."""

from collections.abc import Sequence
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep import plugins
from gaussrep.data.config import CropConfig
from gaussrep.data.crops import central_square
from gaussrep.data.image_file import read_image
from gaussrep.errors import CapabilityError
from gaussrep.methods.report import Report
from gaussrep.training.config import TrainConfig
from gaussrep.training.load_run import load_run
from gaussrep.training.run_folder import RunFolder

HELD_OUT = 16
"""How many held-out images are shown where none is named."""


def inspect_run(run: Path, images: Sequence[Path], folder: Path) -> Report:
    """Write the report that a run's method knows how to write.

    Args:
        run: The run's folder.
        images: Photographs, cut to their central square; held-out images of the run's data set
            where none is given.
        folder: Where to write.

    Returns:
        The page and a summary.

    Raises:
        RunError: If the folder holds no run.
        DataError: If an image or the data set cannot be read.
        CapabilityError: If the method has no report.
    """
    config = RunFolder.open(run).read_config()
    component = plugins.find("methods", config.method.type)
    write_report = component.load_report()
    if write_report is None:
        raise CapabilityError(f"method {config.method.type!r} has no report to write.")
    shown = _photographs(images, config) if images else _held_out(config)
    return write_report(load_run(run), shown, run, folder)


def _held_out(config: TrainConfig) -> Float[Tensor, "b 3 h w"]:
    data = plugins.load("datasets", config.data.type)(config.data, split="val")
    return torch.stack([data[i]["image"] for i in range(min(len(data), HELD_OUT))])


def _photographs(paths: Sequence[Path], config: TrainConfig) -> Float[Tensor, "b 3 h w"]:
    if not isinstance(config.data, CropConfig):
        raise CapabilityError(
            f"data set {config.data.type!r} does not say to what size photographs are cut."
        )
    return torch.stack([central_square(read_image(path), config.data.size) for path in paths])
