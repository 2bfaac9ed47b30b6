"""What a method's report function returns to `gaussrep inspect`."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Report:
    """A report that was written.

    A `MethodRecord.report` names a function `(method, images, run, folder) -> Report`: the trained
    method, images [B, 3, S, S] in [0, 1], the run's folder, and the folder to write to.

    Args:
        page: The file to open.
        summary: One or two sentences that say what it shows, with numbers.
    """

    page: Path
    summary: str
