"""S3DIS in the layout of Pointcept: rooms of six office areas."""

from gaussrep.data.sample import Split
from gaussrep.data.scenes.config import S3disSourceConfig
from gaussrep.data.scenes.frames import FrameRef
from gaussrep.data.scenes.scene import PointCloud
from gaussrep.data.scenes.scene_files import read_cloud, scene_folders
from gaussrep.data.scenes.source import SceneSource
from gaussrep.errors import CapabilityError

AREAS = range(1, 7)
CLASSES = (
    "ceiling", "floor", "wall", "beam", "column", "window", "door", "table", "chair", "sofa",
    "bookcase", "board", "clutter",
)  # fmt: skip
"""Names of the 13 classes, in the order of their labels."""


class S3disSource(SceneSource):
    """Rooms of S3DIS, named `Area_1/office_1`; their labels are in `segment.npy`.

    Args:
        config: Folder of the data set, and the areas to hold out.
        split: `val` for the areas that are held out, `train` for the others.

    Raises:
        DataError: If an area's folder is missing or empty.
    """

    def __init__(self, config: S3disSourceConfig, split: Split) -> None:
        areas = [area for area in AREAS if (area in config.val_areas) == (split == "val")]
        names = [
            f"Area_{area}/{room}"
            for area in areas
            for room in scene_folders(config.root / f"Area_{area}", "one folder per room")
        ]
        super().__init__(names, CLASSES, config.root)
        self._config = config

    def cloud(self, name: str) -> PointCloud:
        """Read the points of a room.

        Args:
            name: One of `names`.

        Returns:
            At least one point.

        Raises:
            UnreadableFileError: If a file is missing or damaged, or holds no point.
        """
        ignored = self._config.ignored_labels
        return read_cloud(self._config.root / name, "segment", len(CLASSES), ignored)

    def frames(self, name: str) -> tuple[FrameRef, ...]:
        """Raise an error: this layout of S3DIS holds no images.

        Args:
            name: One of `names`.

        Raises:
            CapabilityError: Always.
        """
        raise CapabilityError(f"{name}: this layout of S3DIS holds no images; set data.views=0.")
