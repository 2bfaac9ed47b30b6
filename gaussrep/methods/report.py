"""Input and output of the report functions behind `gaussrep inspect`."""

from dataclasses import dataclass
from pathlib import Path

from gaussrep.methods.method import Batch


@dataclass(frozen=True, slots=True)
class ReportSamples:
    """The samples of a report.

    Attributes:
        names: Name of each sample: the file of an image, or the name of a scene.
        batch: The samples as in the validation split of the run's data set.
        step: Optimizer steps that the weights were trained for; None if they are not known.
        classes: Names of the data set's classes; empty if it has none.
    """

    names: tuple[str, ...]
    batch: Batch
    step: int | None = None
    classes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """A written report.

    A `MethodRecord.report` names a function `(method, samples, run, folder) -> Report`; its
    arguments are the trained method, the samples, the run's folder and the folder to write to.

    Attributes:
        page: The file to open.
        summary: One or two sentences about its content, including numbers.
    """

    page: Path
    summary: str
