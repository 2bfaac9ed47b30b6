"""The option `--trust`. Never imports torch."""

from typing import Annotated

import typer

TrustOption = Annotated[
    list[str] | None,
    typer.Option(
        "--trust",
        metavar="NAME",
        help="Allow this repository, download or path. May be repeated.",
    ),
]
