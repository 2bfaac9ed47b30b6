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
    """

    names: tuple[str, ...]
    batch: Batch


@dataclass(frozen=True, slots=True)
class Report:
    """A written report.

    A `MethodRecord.report` names a function `(method, samples, run, folder) -> Report`; its
    arguments are the trained method, the samples, the run's folder and the folder to write to.

    Attributes:
        page: The file to open.
        summary: One or two sentences about its content, with numbers.
    """

    page: Path
    summary: str
