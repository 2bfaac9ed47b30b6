"""The argument RUN of commands that read a run, also a published one. Never imports torch."""

from pathlib import Path
from typing import Annotated

import typer

RunArgument = Annotated[
    Path,
    typer.Argument(metavar="RUN", help="Folder of a run, or models:NAME, hf:USER/NAME."),
]
