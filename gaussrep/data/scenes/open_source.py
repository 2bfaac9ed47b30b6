"""The source that a data set's settings describe."""

from gaussrep.data.sample import Split
from gaussrep.data.scenes.config import RgbdConfig, S3disConfig, ScannetConfig, SceneConfig
from gaussrep.data.scenes.rgbd.source import RgbdSource
from gaussrep.data.scenes.s3dis import S3disSource
from gaussrep.data.scenes.scannet.source import ScannetSource
from gaussrep.data.scenes.source import SceneSource


def open_source(config: SceneConfig, split: Split) -> SceneSource:
    """Open the scenes of a split.

    Args:
        config: Settings of `scannet`, `s3dis` or `rgbd`.
        split: Which scenes, or which frames.

    Raises:
        DataError: If a folder is missing or holds no scene.
    """
    match config:
        case ScannetConfig():
            return ScannetSource(config, split)
        case S3disConfig():
            return S3disSource(config, split)
        case RgbdConfig():
            return RgbdSource(config, split)
    raise TypeError(f"{type(config).__name__} describes no source of scenes")
