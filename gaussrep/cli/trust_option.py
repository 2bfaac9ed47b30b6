"""The option `--trust`. Never imports torch."""

from typing import Annotated

import typer

TrustOption = Annotated[
    list[str] | None,
    typer.Option(
        "--trust",
        metavar="NAME",
        help="Repository whose code may be run, weights that may be downloaded, or file that a "
        "stranger's run may name; may be repeated.",
    ),
]
