"""Frames of the ScanNet layout for which there is no list."""

import numpy as np

from gaussrep.data.scenes import intrinsics as pixels
from gaussrep.data.scenes.array_file import read_matrix
from gaussrep.data.scenes.poses import inverted
from gaussrep.data.scenes.scannet.layout import SceneFiles
from gaussrep.data.scenes.shot import Shot
from gaussrep.data.scenes.unreadable_scene import UnreadableSceneError


def exported_shots(files: SceneFiles, step: int) -> tuple[Shot, ...]:
    """List every so many of the exported frames whose pose is finite.

    Args:
        files: Paths of the scene.
        step: Every how many frames one is taken.

    Raises:
        UnreadableSceneError: If there is none, or a camera matrix cannot be read.
    """
    intrinsic = read_matrix(files.intrinsic("intrinsic_depth")) if files.frames.is_dir() else None
    numbers = sorted(
        int(path.stem) for path in (files.frames / "color").glob("*.jpg") if path.stem.isdigit()
    )
    if intrinsic is None or not numbers:
        raise UnreadableSceneError(_no_frames(files))
    if not np.isfinite(intrinsic).all():
        raise UnreadableSceneError(
            f"{files.intrinsic('intrinsic_depth')}: this matrix is not finite."
        )
    K = pixels.from_file(intrinsic)
    shots = (
        Shot(number, files.color(number), files.depth(number), viewmat, K)
        for number in numbers[::step]
        if (viewmat := inverted(read_matrix(files.pose(number)))) is not None
    )
    if not (found := tuple(shots)):
        raise UnreadableSceneError(f"{files.frames / 'pose'}: no pose of this scene is finite.")
    return found


def _no_frames(files: SceneFiles) -> str:
    pickled = files.metadata.with_suffix(".npy")
    if pickled.is_file():
        return (
            f"{pickled}: this list of frames is a pickle, which could run any program and is not "
            f"read, and {files.frames / 'color'} holds no frames to list anew; copy the released "
            "folder rgbd there."
        )
    return f"{files.frames / 'color'}: there are no frames of this scene here; set data.views=0."
