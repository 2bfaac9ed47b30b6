"""The source that a path names."""

from pathlib import Path

import yaml

from gaussrep.errors import RunError
from gaussrep.training.run_folder import RunFolder
from gaussrep.viewer.source import Source
from gaussrep.viewer.sources.file import FileSource
from gaussrep.viewer.sources.fit import FitSource
from gaussrep.viewer.sources.method import MethodSource


def open_source(path: Path) -> Source:
    """Find out what to look at.

    Args:
        path: A file of Gaussians, the folder of a fit, or that of a run.

    Raises:
        RunError: It is a folder that holds neither.
        GaussrepError: The run's data set cannot be read.
    """
    if not path.is_dir():
        return FileSource(path)
    run = RunFolder.open(path)
    return MethodSource(run) if "method" in _settings(run) else FitSource(run)


def _settings(run: RunFolder) -> dict[str, object]:
    try:
        settings = yaml.safe_load(run.config_file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise RunError(f"{run.config_file} is damaged: {error}") from error
    if not isinstance(settings, dict):
        raise RunError(f"{run.config_file} is damaged: it holds no settings")
    return settings
