"""Scenes in the ScanNet layout."""

from gaussrep.data.sample import Split
from gaussrep.data.scenes.config import ScannetSourceConfig
from gaussrep.data.scenes.frames import FrameRef
from gaussrep.data.scenes.scannet.classes import CLASSES20, CLASSES200
from gaussrep.data.scenes.scannet.layout import SceneFiles
from gaussrep.data.scenes.scannet.metadata import list_exported_frames, read_metadata
from gaussrep.data.scenes.scene import PointCloud
from gaussrep.data.scenes.scene_files import read_cloud, scene_folders
from gaussrep.data.scenes.source import SceneSource

WANTED = "one folder per scene, as `gaussrep prepare-scannet` writes them"


class ScannetSource(SceneSource):
    """The scenes of a split in the layout of Pointcept and GaussianCross.

    Args:
        config: Folder of the data set, and the label set.
        split: Folder of the split.

    Raises:
        DataError: If the split's folder is missing or empty.
    """

    def __init__(self, config: ScannetSourceConfig, split: Split) -> None:
        named = CLASSES20 if config.classes == 20 else CLASSES200
        super().__init__(scene_folders(config.root / split, WANTED), named, config.root)
        self._config = config
        self._split = split

    def cloud(self, name: str) -> PointCloud:
        """Read the points of a scene.

        Args:
            name: One of `names`.

        Returns:
            At least one point.

        Raises:
            UnreadableFileError: If a file is missing or damaged, or holds no point.
        """
        labels = f"segment{self._config.classes}"
        folder, ignored = self._files(name).points, self._config.ignored_labels
        return read_cloud(folder, labels, self._config.classes, ignored)

    def frames(self, name: str) -> tuple[FrameRef, ...]:
        """List the frames of the metadata; without metadata, every `frame_step`-th exported one.

        Args:
            name: One of `names`.

        Returns:
            At least one frame; none of them is read yet.

        Raises:
            UnreadableFileError: If there is none, or a file that lists them is missing or damaged.
        """
        files = self._files(name)
        if files.metadata.is_file():
            return read_metadata(files)
        return list_exported_frames(files, self._config.frame_step)

    def _files(self, name: str) -> SceneFiles:
        return SceneFiles(self._config.root, self._split, name)
