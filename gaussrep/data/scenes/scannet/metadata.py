"""Lists of a scene's frames, as JSON; the released layout keeps them in a pickle."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float

from gaussrep.data.scenes.camera_matrices import intrinsics_from_file, invert_pose
from gaussrep.data.scenes.frames import FrameRef
from gaussrep.data.scenes.scannet.exported_files import (
    depth_file,
    find_color_files,
    read_viewmats,
)
from gaussrep.data.scenes.scannet.layout import SceneFiles
from gaussrep.data.scenes.scene_files import read_matrix
from gaussrep.data.unreadable import LeftOutFrames, UnreadableSceneError
from gaussrep.runtime.atomic_files import write_json
from gaussrep.runtime.plain_files import read_json


def write_metadata(
    files: SceneFiles,
    intrinsic: Float[np.ndarray, "4 4"],
    viewmats: Mapping[int, Float[np.ndarray, "4 4"]],
) -> None:
    """Write the list of a scene's frames.

    Args:
        files: Paths of the scene.
        intrinsic: Camera matrix in the convention of the file of intrinsics.
        viewmats: World-to-camera matrices of the frames to list, by number.
    """
    files.metadata.parent.mkdir(parents=True, exist_ok=True)
    frames = [
        {
            "color_path": files.color(number).relative_to(files.root).as_posix(),
            "depth_path": files.depth(number).relative_to(files.root).as_posix(),
            "extrinsic": np.asarray(viewmat, np.float64).tolist(),
        }
        for number, viewmat in viewmats.items()
    ]
    content = {"scene_name": files.name, "intrinsic": intrinsic.tolist(), "frames": frames}
    write_json(content, files.metadata)


def read_metadata(files: SceneFiles) -> tuple[FrameRef, ...]:
    """Read the list of a scene's frames.

    Args:
        files: Paths of the scene.

    Returns:
        The frames with finite poses, at least one.

    Raises:
        UnreadableSceneError: If the file is damaged or lists no such frame.
    """
    try:
        content = read_json(files.metadata)
        K = intrinsics_from_file(_matrix(content["intrinsic"]), files.metadata)
        refs = tuple(_shot(files, frame, K) for frame in content["frames"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = f"{type(error).__name__}: {error}".partition("\n")[0]
        raise UnreadableSceneError(
            f"{files.metadata}: this list of frames cannot be read ({reason}); remove it to have "
            f"the frames in {files.frames} listed again."
        ) from error
    found = tuple(ref for ref in refs if invert_pose(ref.viewmat) is not None)
    if not found:
        raise UnreadableSceneError(
            f"{files.metadata}: this list names no frame with a finite pose."
        )
    return found


def _shot(files: SceneFiles, frame: dict[str, Any], K: Float[np.ndarray, "3 3"]) -> FrameRef:
    color = files.root / frame["color_path"]
    depth = files.root / frame["depth_path"]
    return FrameRef(int(color.stem), color, depth, _matrix(frame["extrinsic"]), K)


def _matrix(rows: Any) -> Float[np.ndarray, "4 4"]:
    matrix = np.array(rows, np.float64)
    if matrix.shape != (4, 4):
        raise ValueError(f"a matrix has the shape {list(matrix.shape)}, expected [4, 4]")
    return matrix


def list_exported_frames(files: SceneFiles, step: int) -> tuple[FrameRef, ...]:
    """List every `step`-th exported frame with a finite pose.

    Args:
        files: Paths of the scene.
        step: Step between the frames.

    Returns:
        At least one frame.

    Raises:
        UnreadableSceneError: If there is none, or a camera matrix cannot be read.
    """
    intrinsic = read_matrix(files.intrinsic("intrinsic_depth")) if files.frames.is_dir() else None
    colors = find_color_files(files.frames / "color")
    if intrinsic is None or not colors:
        raise UnreadableSceneError(_no_frames(files))
    K = intrinsics_from_file(intrinsic, files.intrinsic("intrinsic_depth"))
    chosen = dict(list(colors.items())[::step])
    left_out = LeftOutFrames(files.frames)
    viewmats = read_viewmats(files.frames / "pose", chosen, left_out)
    if not viewmats:
        raise UnreadableSceneError(f"{files.frames / 'pose'}: no pose of this scene is finite.")
    left_out.warn(len(chosen))
    return tuple(
        FrameRef(number, chosen[number], depth_file(chosen[number]), viewmat, K)
        for number, viewmat in viewmats.items()
    )


def _no_frames(files: SceneFiles) -> str:
    pickled = files.metadata.with_suffix(".npy")
    if pickled.is_file():
        return (
            f"{pickled}: this list of frames is a pickle, which could run any program and is not "
            f"read, and {files.frames / 'color'} holds no frames to list again; copy the released "
            "folder rgbd there."
        )
    return f"{files.frames / 'color'}: there are no frames of this scene here; set data.views=0."
