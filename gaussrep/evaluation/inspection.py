"""Show what a run makes of photographs or scenes."""

from collections.abc import Sequence
from pathlib import Path

from gaussrep import plugins
from gaussrep.errors import CapabilityError
from gaussrep.evaluation.samples_to_show import samples_to_show
from gaussrep.methods.report import Report
from gaussrep.training.load_run import load_run
from gaussrep.training.run_folder import RunFolder


def inspect_run(run: Path, names: Sequence[str], folder: Path) -> Report:
    """Write the report that a run's method knows how to write.

    Args:
        run: The run's folder.
        names: Photographs, cut to their central square, or scenes of the run's data set; held-out
            samples where none is given.
        folder: Where to write.

    Returns:
        The page and a summary.

    Raises:
        RunError: If the folder holds no run.
        DataError: If a photograph, a scene or the data set cannot be read.
        CapabilityError: If the method has no report.
    """
    config = RunFolder.open(run).read_config()
    write_report = plugins.find("methods", config.method.type).load_report()
    if write_report is None:
        raise CapabilityError(f"method {config.method.type!r} has no report to write.")
    return write_report(load_run(run), samples_to_show(config.data, names), run, folder)
