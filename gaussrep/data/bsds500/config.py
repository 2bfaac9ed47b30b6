"""Settings of the `bsds500` data set (torch-free)."""

from pathlib import Path

from gaussrep.config import ComponentConfig


class BSDS500Config(ComponentConfig):
    """Settings of the `bsds500` data set."""

    root: Path
    """Folder that holds `images/{train,val}` and `groundTruth/{train,val}`, or the `BSR` or
    `BSDS500` folder of the published archive, or the folder where that was unpacked."""
