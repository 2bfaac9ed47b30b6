"""Settings of the data parser `gaussrep-rgbd`; imports nothing of gaussrep."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from nerfstudio.data.dataparsers.base_dataparser import DataParserConfig

from gaussrep_nerfstudio.renamed_settings import rename_settings

RENAMED = {
    "size": "image_size",
    "hold_out": "hold_out_every",
    "outliers": "outlier_fraction",
}
"""Present names of settings by their names in older runs."""


@dataclass
class RgbdDataParserConfig(DataParserConfig):
    """Posed RGB-D recordings and scenes in ScanNet's layout, with depth."""

    data: Path = Path()
    """Folder of a recording (`camera-intrinsics.txt` and `frames`), or of scenes in ScanNet's
    layout (`train`, `val` and `rgbd`)."""
    layout: Literal["auto", "recording", "scannet"] = "auto"
    """Layout of the folder; `auto` detects it."""
    scene: str | None = None
    """Name of the recording or scene, if there are several."""
    image_size: int | None = None
    """Longer side of the images in pixels; smaller images keep their size."""
    hold_out_every: int = 10
    """Hold out every n-th frame."""
    color_focal: float | None = None
    """Focal length of a recording's color images in pixels, if they are not aligned with the
    depth, as in 7-Scenes: about 510 fits these."""
    frame_step: int = 10
    """Use every n-th frame if a scene of ScanNet has no list of frames."""
    cache: Path | None = None
    """Folder for the fused point cloud of a recording; by default the recording's."""
    normalize: bool = True
    """Scale the scene into a cube of side `side` about 0; otherwise it stays in meters."""
    side: float = 2.0
    """Side of that cube."""
    outlier_fraction: float = 0.01
    """Fraction of the points at each end of each axis that may lie outside the cube."""

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Read the settings of a run, which may be older."""
        self.__dict__.update(rename_settings(state, RENAMED))

    def setup(self, **kwargs: Any) -> Any:
        """Build the data parser; torch-dependent modules are imported here.

        Raises:
            BrokenComponentError: A requirement cannot be imported.
        """
        try:
            from gaussrep_nerfstudio.rgbd import RgbdDataParser
        except Exception as error:
            from gaussrep_nerfstudio.broken import broken

            raise broken("gaussrep-rgbd", error) from error
        return RgbdDataParser(self, **kwargs)
