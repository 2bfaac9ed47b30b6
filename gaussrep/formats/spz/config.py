"""Settings of SPZ files."""

from typing import Literal

from gaussrep.config import ComponentConfig


class SpzConfig(ComponentConfig):
    """How SPZ files are written."""

    version: Literal[2, 3] = 3
    """3 keeps orientations to a fraction of a degree; 2 is for readers that know nothing newer."""
