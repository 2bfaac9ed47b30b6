"""Names of the classes that a run's labels count."""

from pathlib import Path

from gaussrep.building import build
from gaussrep.training.run_folder import RunFolder
from gaussrep_gaussiancross.evaluations.scenes import LabeledScenes


def class_names(run: Path) -> tuple[str, ...]:
    """Ask a run's data set for the names of its classes.

    Args:
        run: A run's folder.

    Returns:
        The names; empty where the folder holds no run, or the data set has no classes.
    """
    folder = RunFolder(run)
    if not folder.exists():
        return ()
    dataset = build("datasets", folder.read_config().data, split="val")
    return dataset.classes if isinstance(dataset, LabeledScenes) else ()
