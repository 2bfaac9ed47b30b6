"""`gaussrep migrate`: convert a run folder of an older gaussrep."""

from pathlib import Path
from typing import Annotated

import typer


def migrate(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a training run or a fit.")],
) -> None:
    """Give the settings and files of an older run folder their new names.

    Converting a fit needs its capture. The original config.yaml is kept as config.yaml.old.
    """
    from gaussrep.training.config import TrainConfig
    from gaussrep.training.migrate import RENAMED_FILES, holds_older_fit, migrate_run
    from gaussrep.training.run_folder import RunFolder

    folder = RunFolder.open(run)
    folder.require_own()
    if holds_older_fit(folder.config_file):
        from gaussrep.fitting.migrate import migrate_fit

        changes = migrate_fit(folder)
    else:
        changes = migrate_run(folder, TrainConfig, RENAMED_FILES)
    typer.echo("\n".join(changes or [f"{run} needs no conversion"]))
