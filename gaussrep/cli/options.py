"""Arguments and options that several commands have. Never imports torch."""

from pathlib import Path
from typing import Annotated

import typer

RunArgument = Annotated[
    Path,
    typer.Argument(metavar="RUN", help="Folder of a run, or models:NAME, hf:USER/NAME."),
]
"""The run of a command that reads one, also a published one."""

ShardOption = Annotated[
    str | None,
    typer.Option(
        "--shard",
        metavar="I/N",
        help="Process the I-th of N equal shares, from 1, as in a job array; set by torchrun.",
    ),
]
"""The share of a command that processes many files."""

TrustOption = Annotated[
    list[str] | None,
    typer.Option(
        "--trust",
        metavar="NAME",
        help="Allow this repository, download or path. May be repeated.",
    ),
]
"""What a command may run or download besides what the user trusts already."""
