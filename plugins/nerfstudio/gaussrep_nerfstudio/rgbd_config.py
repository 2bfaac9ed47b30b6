"""What the data parser `gaussrep-rgbd` can be told; imports nothing of gaussrep."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from nerfstudio.data.dataparsers.base_dataparser import DataParserConfig


@dataclass
class RgbdDataParserConfig(DataParserConfig):
    """Posed RGB-D recordings and scenes in ScanNet's layout, with depth."""

    data: Path = Path()
    """Folder of a recording (`camera-intrinsics.txt` and `frames`), or of scenes in ScanNet's
    layout (`train`, `val` and `rgbd`)."""
    layout: Literal["auto", "recording", "scannet"] = "auto"
    """Which of the two it is; `auto` looks."""
    scene: str | None = None
    """Which recording or scene, where there are several."""
    size: int | None = None
    """Longer side of the pictures in pixels; smaller pictures stay as they are."""
    hold_out: int = 10
    """Every how many frames one is held out."""
    color_focal: float | None = None
    """Focal length of a recording's photographs in pixels, where they were not brought into line
    with the depth, as those of 7-Scenes were not: about 510 fits these."""
    frame_step: int = 10
    """Where a scene of ScanNet has no list of frames: every how many frames one is used."""
    cache: Path | None = None
    """Folder for the cloud that is fused from a recording; by default the recording's."""
    normalize: bool = True
    """Bring the scene into a cube of side `side` about 0; otherwise it stays in meters."""
    side: float = 2.0
    """Side of that cube."""
    outliers: float = 0.01
    """Share of the points at each end of each axis that the cube need not hold."""

    def setup(self, **kwargs: Any) -> Any:
        """Make the data parser; what is heavy is imported here.

        Raises:
            BrokenComponentError: Something that it needs cannot be imported.
        """
        try:
            from gaussrep_nerfstudio.rgbd import RgbdDataParser
        except Exception as error:
            from gaussrep_nerfstudio.broken import broken

            raise broken("gaussrep-rgbd", error) from error
        return RgbdDataParser(self, **kwargs)
