"""The option `--shard` of commands that do many files."""

from typing import Annotated

import typer

ShardOption = Annotated[
    str | None,
    typer.Option(
        "--shard",
        metavar="I/N",
        help="Process the I-th of N equal shares, from 1, as in a job array; set by torchrun.",
    ),
]
