"""File layout and splits of ScanNet scenes (torch-free)."""

import re
from dataclasses import dataclass
from pathlib import Path

from gaussrep.errors import DataError


@dataclass(frozen=True, slots=True)
class SceneFiles:
    """Paths of one scene.

    Args:
        root: Folder of the data set.
        split: `train`, `val` or `test`.
        name: Name of the scene.
    """

    root: Path
    split: str
    name: str

    @property
    def points(self) -> Path:
        """Folder of the arrays: `coord.npy`, `color.npy` and others."""
        return self.root / self.split / self.name

    @property
    def frames(self) -> Path:
        """Folder of the RGB-D frames."""
        return self.root / "rgbd" / self.name

    @property
    def metadata(self) -> Path:
        """File that lists the frames to use; written last, so a scene with it is complete."""
        return self.root / "metadata" / self.split / f"{self.name}.json"

    def array(self, name: str) -> Path:
        """Return the path of one array.

        Args:
            name: `coord`, `color`, `normal`, `segment20`, `segment200` or `instance`.

        Returns:
            The path of the `.npy` file.
        """
        return self.points / f"{name}.npy"

    def color(self, number: int) -> Path:
        """Return the path of a color image.

        Args:
            number: Number of the frame.

        Returns:
            The path of the JPEG.
        """
        return self.frames / "color" / f"{number}.jpg"

    def depth(self, number: int) -> Path:
        """Return the path of a depth image.

        Args:
            number: Number of the frame.

        Returns:
            The path of the PNG, 16 bits, millimeters.
        """
        return self.frames / "depth" / f"{number}.png"

    def pose(self, number: int) -> Path:
        """Return the path of a camera-to-world matrix.

        Args:
            number: Number of the frame.

        Returns:
            The path of the text file.
        """
        return self.frames / "pose" / f"{number}.txt"

    def intrinsic(self, which: str) -> Path:
        """Return the path of a camera matrix.

        Args:
            which: `intrinsic_color`, `intrinsic_depth`, `extrinsic_color` or `extrinsic_depth`.

        Returns:
            The path of the text file.
        """
        return self.frames / "intrinsic" / f"{which}.txt"


VAL_ROOMS = frozenset({
    11, 15, 19, 25, 30, 46, 50, 63, 64, 77, 81, 84, 86, 88, 95, 100, 131, 139, 144, 146, 149, 153,
    164, 169, 187, 193, 196, 203, 207, 208, 217, 221, 222, 231, 246, 249, 251, 256, 257, 277, 278,
    300, 304, 307, 314, 316, 328, 329, 334, 338, 342, 343, 351, 353, 354, 355, 356, 357, 377, 378,
    382, 389, 406, 412, 414, 423, 426, 427, 430, 432, 435, 441, 458, 461, 462, 474, 488, 490, 494,
    496, 500, 518, 527, 535, 549, 550, 552, 553, 558, 559, 565, 568, 574, 575, 578, 580, 583, 591,
    593, 595, 598, 599, 606, 607, 608, 609, 616, 618, 621, 629, 633, 643, 644, 645, 647, 648, 651,
    652, 653, 655, 658, 660, 663, 664, 665, 670, 671, 678, 684, 685, 686, 689, 690, 693, 695, 696,
    697, 699, 700, 701, 702, 704,
})  # fmt: skip
"""Rooms of the official validation split; the scans of one room are always in one split."""
FIRST_TEST_ROOM = 707
"""Rooms from this one on are the official test split."""


def split_of(scene: str) -> str:
    """Return the official split of a scene.

    Args:
        scene: Name of the scene, `scene0000_00`.

    Returns:
        `train`, `val` or `test`.

    Raises:
        DataError: If this is not the name of a ScanNet scene.

    Examples:
        >>> split_of("scene0000_00"), split_of("scene0011_01"), split_of("scene0707_00")
        ('train', 'val', 'test')
    """
    found = re.fullmatch(r"scene(\d{4})_\d{2}", scene)
    if found is None:
        raise DataError(f"{scene}: this is not a name of a ScanNet scene, such as scene0000_00.")
    room = int(found[1])
    if room >= FIRST_TEST_ROOM:
        return "test"
    return "val" if room in VAL_ROOMS else "train"
