"""The frames and points of one RGB-D scene, found from the settings of the data parser."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gaussrep import build
from gaussrep.data import FrameRef, PointCloud
from gaussrep.errors import DataError

if TYPE_CHECKING:
    from gaussrep_nerfstudio.rgbd_config import RgbdDataParserConfig


@dataclass(frozen=True, eq=False)
class RgbdScene:
    """One recorded scene.

    Attributes:
        cloud: Its points, in meters, z up.
        train: Frames to fit.
        held_out: Frames to measure on.
    """

    cloud: PointCloud
    train: tuple[FrameRef, ...]
    held_out: tuple[FrameRef, ...]


def find_rgbd_scene(config: "RgbdDataParserConfig") -> RgbdScene:
    """Find a scene; the points of a recording are fused the first time, which takes a while.

    Args:
        config: Folder, and which frames to hold out.

    Returns:
        The scene.

    Raises:
        DataError: There is no such scene, or none of its frames can be read.
    """
    layout = config.layout
    if layout == "auto":
        layout = "scannet" if (config.data / "rgbd").is_dir() else "recording"
    return _of_scannet(config) if layout == "scannet" else _of_recording(config)


def _of_recording(config: "RgbdDataParserConfig") -> RgbdScene:
    settings = {
        "type": "rgbd",
        "root": config.data,
        "hold_out_every": config.hold_out_every,
        "color_focal": config.color_focal,
        "cache": config.cache,
    }
    train = build("scene_sources", settings, split="train")
    name = _chosen(train.names, config)
    held_out = build("scene_sources", settings, split="val")
    return RgbdScene(train.cloud(name), train.frames(name), held_out.frames(name))


def _of_scannet(config: "RgbdDataParserConfig") -> RgbdScene:
    settings = {"type": "scannet", "root": config.data, "frame_step": config.frame_step}
    splits = [split for split in ("train", "val") if (config.data / split).is_dir()]
    sources = [build("scene_sources", settings, split=split) for split in splits]
    name = _chosen([name for source in sources for name in source.names], config)
    source = next(source for source in sources if name in source.names)
    refs = source.frames(name)
    last = config.hold_out_every - 1
    held_out = refs[last :: config.hold_out_every]
    if not held_out:
        raise DataError(
            f"{config.data}: scene {name} has {len(refs)} frames, which leaves none to measure "
            f"on; lower --hold-out-every, which is {config.hold_out_every}."
        )
    train = tuple(ref for place, ref in enumerate(refs) if place % config.hold_out_every != last)
    return RgbdScene(source.cloud(name), train, held_out)


def _chosen(names: tuple[str, ...] | list[str], config: "RgbdDataParserConfig") -> str:
    if config.scene is not None and config.scene in names:
        return config.scene
    if config.scene is None and len(names) == 1:
        return names[0]
    shown = ", ".join(names[:10]) + (", …" if len(names) > 10 else "")
    raise DataError(f"{config.data}: --scene is {config.scene}, expected one of {shown or 'none'}.")
