"""Prepare the raw ScanNet release for training."""

import hashlib
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
import torch

from gaussrep.data.scenes.camera_matrices import intrinsics_to_file
from gaussrep.data.scenes.scannet.layout import SceneFiles, split_of
from gaussrep.data.scenes.scannet.metadata import write_metadata
from gaussrep.data.scenes.scannet.raw_frames import (
    AGGREGATIONS,
    SEGMENTS,
    RawFrames,
    find_file,
    find_raw_scenes,
    open_frames,
)
from gaussrep.data.scenes.scannet.raw_labels import (
    FILE,
    Labels,
    no_annotations,
    read_annotations,
    read_label_table,
)
from gaussrep.data.scenes.scannet.raw_mesh import read_mesh, vertex_normals
from gaussrep.data.scenes.scannet.write import write_cloud, write_frame, write_intrinsics
from gaussrep.data.scenes.scene import PointCloud
from gaussrep.data.unreadable import UnreadableFileError
from gaussrep.errors import DataError
from gaussrep.runtime.atomic_files import remove_leftovers
from gaussrep.runtime.work_shares import WorkShare
from gaussrep.runtime.worker_processes import worker_pool

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class PrepareSettings:
    """Settings of the preparation.

    Args:
        out: Folder of the data set to write.
        frames: Maximum number of RGB-D frames to keep per scene, chosen at random.
        step: Step between the kept frames that are listed for training.
        seed: Seed of the random choice of frames.
        labels: Labels by raw category.
    """

    out: Path
    frames: int
    step: int
    seed: int
    labels: Mapping[str, Labels]


@dataclass(frozen=True, slots=True)
class PreparedScene:
    """The outcome of one scene.

    Args:
        name: Name of the scene.
        outcome: `written`; `kept`, if it existed already; `points only`, if the release has no
            frames of it; or `failed`.
        reason: Reason of the failure.
    """

    name: str
    outcome: Literal["written", "kept", "points only", "failed"]
    reason: str = ""


def prepare(
    raw: Path,
    out: Path,
    *,
    frames: int = 300,
    step: int = 10,
    seed: int = 0,
    num_workers: int = 1,
    share: WorkShare = WorkShare(),
) -> Iterator[PreparedScene]:
    """Prepare all scenes of the release that are not yet prepared.

    Args:
        raw: Folder of the release: `scans`, `scans_test` and `scannetv2-labels.combined.tsv`.
        out: Folder of the data set to write.
        frames: Maximum number of RGB-D frames to keep per scene; 300 as in GaussianCross.
        step: Step between the listed frames; 10 as in GaussianCross.
        seed: Seed of the random choice of frames.
        num_workers: Scenes that are prepared in parallel.
        share: The share of the scenes to prepare.

    Yields:
        The outcome of each scene, in the order of their names.

    Raises:
        DataError: If there is no scene, or no table of labels.
    """
    folders = share.of(find_raw_scenes(raw))
    how = PrepareSettings(
        out=out, frames=frames, step=step, seed=seed, labels=read_label_table(raw / FILE)
    )
    for split in (out / "metadata").glob("*"):
        remove_leftovers(split, is_shared=not share.is_whole)
    if num_workers == 1:
        yield from map(partial(prepare_scene, how=how), folders)
        return
    with worker_pool(num_workers) as pool:  # scenes begun are finished after Ctrl-C
        yield from pool.map(partial(prepare_scene, how=how), folders)


def prepare_scene(folder: Path, how: PrepareSettings) -> PreparedScene:
    """Prepare one scene. Its list of frames is written last, so a listed scene is complete.

    Args:
        folder: Folder of the scene in the release.
        how: Output folder, frames and labels.

    Returns:
        The outcome; errors are returned in it, not raised.
    """
    name = folder.name
    try:
        files = SceneFiles(how.out, split_of(name), name)
        if files.metadata.is_file():
            return PreparedScene(name, "kept")
        raw_frames = open_frames(folder)
        _write_points(folder, files, how.labels)
        if raw_frames is None or how.frames == 0:
            write_metadata(files, np.eye(4), {})
            return PreparedScene(name, "points only")
        _write_frames(raw_frames, files, how)
    except (DataError, OSError) as error:
        return PreparedScene(name, "failed", str(error))
    return PreparedScene(name, "written")


def _write_points(folder: Path, files: SceneFiles, labels: Mapping[str, Labels]) -> None:
    mesh = read_mesh(find_file(folder, ("_vh_clean_2.ply",)))
    if files.split == "test":
        known = no_annotations(len(mesh.points))
    else:
        segments, aggregation = find_file(folder, SEGMENTS), find_file(folder, AGGREGATIONS)
        known = read_annotations(segments, aggregation, len(mesh.points), labels)
    cloud = PointCloud(
        torch.from_numpy(mesh.points),
        torch.from_numpy(mesh.colors).float() / 255,
        torch.from_numpy(vertex_normals(mesh)),
        torch.from_numpy(known.labels20),
        torch.from_numpy(known.instances),
    )
    write_cloud(files, cloud, known.labels200)


def _write_frames(raw: RawFrames, files: SceneFiles, how: PrepareSettings) -> None:
    numbers = _choose(sorted(raw.viewmats), how.frames, f"{how.seed}/{files.name}")
    write_intrinsics(files, raw.intrinsics)
    written: list[int] = []
    for number in numbers:
        try:
            frame = raw.read(number)
        except UnreadableFileError as error:
            log.warning("%s", error)
            continue
        write_frame(files, len(written), frame)
        written.append(number)
    listed = {place: raw.viewmats[written[place]] for place in range(0, len(written), how.step)}
    write_metadata(files, intrinsics_to_file(raw.intrinsics), listed)


def _choose(numbers: list[int], count: int, seed: str) -> list[int]:
    digest = hashlib.sha256(seed.encode()).digest()
    rng = np.random.default_rng(int.from_bytes(digest[:8], "little"))
    return sorted(rng.permutation(numbers)[:count].tolist())
