"""Settings of the image encoders of the core (torch-free)."""

import re
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from gaussrep.config import ComponentConfig
from gaussrep.trust import require_trust, require_trusted_path, require_trusted_weights

RADIO_VERSION = re.compile(r"[\w.-]+")
"""Pattern of RADIO's version names, which are neither paths nor URLs."""


class StatisticsConfig(ComponentConfig):
    """Settings of the `statistics` encoder; all defaults are design choices."""

    seed: int = Field(default=0, ge=0)
    """Seed of the fixed projection."""
    width: int = Field(default=32, ge=1)
    """Length of a feature vector; from 30 on the projection loses nothing."""
    cell: int = Field(default=8, ge=4, multiple_of=4)
    """Side in pixels of the square cell that a vector describes."""


class TimmConfig(ComponentConfig):
    """Settings of the `timm` encoder."""

    model: str = Field(default="vit_small_patch14_dinov2.lvd142m", min_length=1)
    """Name for `timm.create_model`; `hf-hub:OWNER/NAME` and `local-dir:FOLDER` also work."""
    pretrained: bool = True
    """Load weights; otherwise initialize them from torch's global generator."""
    image_side: int | None = Field(default=None, ge=1)
    """Longer side in pixels that images are resized to, keeping the aspect ratio; None keeps their
    size. Both sides are rounded to multiples of the cell. Models with one input size take None."""

    def preflight(self) -> None:
        """Check that the model may be downloaded or read.

        Raises:
            UntrustedError: It is not trusted.
        """
        if self.pretrained or ":" in self.model:
            require_trusted_weights(self.model)


class RadioConfig(ComponentConfig):
    """Settings of the `radio` encoder."""

    version: str = Field(default="c-radio_v3-b", min_length=1)
    """Name of the weights. Those called C-RADIO are under the NVIDIA Open Model License, which
    allows commercial use; those called RADIO (`radio_v2.5-b`) are for non-commercial use only."""
    repo: str = Field(default="NVlabs/RADIO", min_length=1)
    """GitHub repository, `OWNER/NAME` or `OWNER/NAME:COMMIT`, or a folder; its code is run."""
    source: Literal["github", "local"] = "github"
    """Whether `repo` is a GitHub repository or a local folder."""
    image_side: int | None = Field(default=None, ge=1)
    """Longer side in pixels that images are resized to, keeping the aspect ratio; None keeps their
    size. Both sides are rounded to multiples of the patch size."""

    def preflight(self) -> None:
        """Check that the repository's code may be run, and a weights file unpickled.

        Raises:
            UntrustedError: One of them is not trusted.
        """
        require_trust(self.repo, "is a repository whose code is run")
        if not RADIO_VERSION.fullmatch(self.version):
            require_trust(self.version, "is a file of weights that the code unpickles")

    @model_validator(mode="after")
    def _check_version(self) -> "RadioConfig":
        if self.version.startswith(("e-radio", "eradio")):
            raise ValueError(
                f"version {self.version!r} is an E-RADIO, which works in windows of a fixed size; "
                "expected a RADIO or C-RADIO, such as c-radio_v3-b"
            )
        return self


class RunEncoderConfig(ComponentConfig):
    """Settings of the `run` encoder."""

    run: Path
    """Folder of a run whose method embeds images as a square grid of tokens, row by row."""
    image_side: int | None = Field(default=None, ge=1)
    """Side in pixels of the square that images are resized to; `null` uses the run's
    `image_size`."""

    def preflight(self) -> None:
        """Check that the run may be read.

        Raises:
            UntrustedError: It is outside of a run that was not made here, and not trusted.
        """
        require_trusted_path(self.run)
