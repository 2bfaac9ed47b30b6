"""What a method's report function takes from `gaussrep inspect`, and what it returns."""

from dataclasses import dataclass
from pathlib import Path

from gaussrep.methods.method import Batch


@dataclass(frozen=True, slots=True)
class ReportSamples:
    """What a report is about.

    Attributes:
        names: What each sample is called: a photograph's file, a scene's name.
        batch: The samples, as the run's data set gives them for validation.
    """

    names: tuple[str, ...]
    batch: Batch


@dataclass(frozen=True, slots=True)
class Report:
    """A report that was written.

    A `MethodRecord.report` names a function `(method, shown, run, folder) -> Report`: the trained
    method, the samples to show, the run's folder, and the folder to write to.

    Attributes:
        page: The file to open.
        summary: One or two sentences that say what it shows, with numbers.
    """

    page: Path
    summary: str
