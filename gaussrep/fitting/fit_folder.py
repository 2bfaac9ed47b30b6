"""The run folder of a fit. Never imports torch."""

from pathlib import Path

from gaussrep.fitting.config import FitConfig
from gaussrep.training.run_folder import RunFolder


def open_folder(path: Path) -> tuple[RunFolder, FitConfig]:
    """Find a fit to go on with.

    Raises:
        RunError: There is no such folder, or it holds no fit.
        RunError: An older gaussrep wrote it.
        ConfigError: Its configuration is no longer valid.
    """
    run = RunFolder.open(path)
    return run, run.load_config(FitConfig)
