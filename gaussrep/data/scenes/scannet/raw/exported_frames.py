"""Reading frames that were exported from a `.sens` file already."""

from pathlib import Path

import numpy as np

from gaussrep.data.scenes import intrinsics as pixels
from gaussrep.data.scenes.array_file import read_matrix
from gaussrep.data.scenes.frame import Frame
from gaussrep.data.scenes.poses import inverted
from gaussrep.data.scenes.scannet.raw.raw_frames import RawFrames
from gaussrep.data.scenes.shot import Shot, read_shot


class ExportedFrames(RawFrames):
    """The folders `color`, `depth`, `pose` and `intrinsic` as ScanNet's own reader writes them.

    Args:
        folder: Holds the four folders.

    Raises:
        UnreadableSceneError: If a camera matrix cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        numbers = sorted(int(path.stem) for path in (folder / "color").glob("*.jpg"))
        found = ((number, self._viewmat(number)) for number in numbers)
        viewmats = {number: viewmat for number, viewmat in found if viewmat is not None}
        matrix = read_matrix(folder / "intrinsic" / "intrinsic_depth.txt")
        super().__init__(pixels.from_file(matrix), viewmats)

    def read(self, number: int) -> Frame:
        """Read a frame, and bring its photograph to the depth's size."""
        color = self._folder / "color" / f"{number}.jpg"
        depth = self._folder / "depth" / f"{number}.png"
        shot = Shot(number, color, depth, self.viewmats[number], self.intrinsics)
        return read_shot(shot).frame

    def _viewmat(self, number: int) -> np.ndarray | None:
        return inverted(read_matrix(self._folder / "pose" / f"{number}.txt"))
