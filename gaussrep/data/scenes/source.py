"""Scene sources: where scenes come from."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

from gaussrep import plugins
from gaussrep.building import build
from gaussrep.data.sample import Split
from gaussrep.data.scenes.config import SceneConfig, ScenesConfig
from gaussrep.data.scenes.frames import FrameRef
from gaussrep.data.scenes.scene import PointCloud


class SceneSource(ABC):
    """The scenes of one split, read on demand.

    Register a subclass with the hook `register_scene_sources`; `target(settings, split)` makes it.

    Args:
        names: Names of the scenes, in order.
        classes: Names of the classes, in the order of the labels; empty without labels.
        root: Folder with `tasks/`, lists of limited training data; None if there is none.
    """

    def __init__(
        self, names: Sequence[str], classes: Sequence[str], root: Path | None = None
    ) -> None:
        self.names = tuple(names)
        self.classes = tuple(classes)
        self.root = root

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
        """List the RGB-D frames of a scene with known poses, in the order of time.

        Args:
            name: One of `names`.

        Returns:
            At least one frame; none of them is read yet.

        Raises:
            UnreadableFileError: If there is none, or a file that lists them is missing or damaged.
            CapabilityError: If the source has no frames.
        """


def make_scene_source(config: SceneConfig, split: Split) -> SceneSource:
    """Make the scene source of a data set.

    Args:
        config: Settings of `scenes`, which names its source; or those of a data set that has the
            name of its scene source, such as `scannet`, `s3dis` and `rgbd`.
        split: Scenes, or frames, to read.

    Returns:
        The source, its settings checked and its scenes listed.

    Raises:
        DataError: If a folder is missing or holds no scene.
        UnknownNameError: If there is no such scene source.
        UnavailableError: If the source cannot run here.
        PluginError: If the module of the source is broken.
    """
    if isinstance(config, ScenesConfig):
        return build("scene_sources", config.source, split=split)
    source = plugins.find("scene_sources", config.type).load()
    return source(config, split)
