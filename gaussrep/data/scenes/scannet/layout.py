"""Where the files of a scene lie in the ScanNet layout (torch-free)."""

from dataclasses import dataclass
from pathlib import Path


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
        """The file that lists the frames to use; written last, so a scene with it is whole."""
        return self.root / "metadata" / self.split / f"{self.name}.json"

    def array(self, name: str) -> Path:
        """Path of one array.

        Args:
            name: `coord`, `color`, `normal`, `segment20`, `segment200` or `instance`.
        """
        return self.points / f"{name}.npy"

    def color(self, number: int) -> Path:
        """Path of a frame's photograph."""
        return self.frames / "color" / f"{number}.jpg"

    def depth(self, number: int) -> Path:
        """Path of a frame's depth, sixteen bits, millimeters."""
        return self.frames / "depth" / f"{number}.png"

    def pose(self, number: int) -> Path:
        """Path of a frame's camera-to-world matrix."""
        return self.frames / "pose" / f"{number}.txt"

    def intrinsic(self, which: str) -> Path:
        """Path of a camera matrix.

        Args:
            which: `intrinsic_color`, `intrinsic_depth`, `extrinsic_color` or `extrinsic_depth`.
        """
        return self.frames / "intrinsic" / f"{which}.txt"
