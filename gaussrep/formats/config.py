"""Settings of file formats. Never imports torch."""

from typing import Literal

from gaussrep.config import ComponentConfig


class SpzConfig(ComponentConfig):
    """Settings of written SPZ files."""

    version: Literal[2, 3] = 3
    """Version of the format: 3 keeps orientations to a fraction of a degree; 2 is for older
    readers."""
