"""Scene sources: where scenes come from."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from gaussrep.data.scenes.frames import FrameRef
from gaussrep.data.scenes.scene import PointCloud


class SceneSource(ABC):
    """The scenes of one split, read when they are asked for.

    Args:
        names: What the scenes are called, in order.
        classes: Names of the classes that labels count; none where there are no labels.
    """

    def __init__(self, names: Sequence[str], classes: Sequence[str]) -> None:
        self.names = tuple(names)
        self.classes = tuple(classes)

    @abstractmethod
    def cloud(self, name: str) -> PointCloud:
        """Read the points of a scene.

        Args:
            name: One of `names`.

        Returns:
            At least one point.

        Raises:
            UnreadableFileError: If a file is missing or damaged, or holds no point.
        """

    @abstractmethod
    def frames(self, name: str) -> tuple[FrameRef, ...]:
        """List the RGB-D frames of a scene whose poses are known, in the order of time.

        Args:
            name: One of `names`.

        Returns:
            At least one frame; none of them is read yet.

        Raises:
            UnreadableFileError: If there is none, or a file that lists them is missing or damaged.
        """
