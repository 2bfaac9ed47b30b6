"""Raw ScanNet scenes of a few triangles."""

from types import SimpleNamespace

import numpy as np
import pytest
from raw_scannet import TABLE, write_labels, write_mesh, write_sens


@pytest.fixture
def raw(tmp_path, world):
    """A release: one scene to train on, one to validate, one to test on without frames."""
    root = tmp_path / "raw"
    made = [world.frame(eye) for eye in world.eyes]
    frames, K = [frame for frame, _ in made], made[0][1]
    poses = [np.linalg.inv(frame.viewmat.astype(np.float64)) for frame in frames]
    poses[2] = np.full((4, 4), -np.inf)
    for inside, name in (
        ("scans", "scene0000_00"),
        ("scans", "scene0011_00"),
        ("scans_test", "scene0707_00"),
    ):
        folder = root / inside / name
        folder.mkdir(parents=True)
        write_mesh(folder / f"{name}_vh_clean_2.ply")
        if inside == "scans":
            write_labels(folder, name)
            write_sens(folder / f"{name}.sens", frames, poses, K, (64, 48))
    (root / "scannetv2-labels.combined.tsv").write_text(TABLE)
    return SimpleNamespace(root=root, frames=frames, K=K, write_mesh=write_mesh, poses=poses)
