import numpy as np
import pytest

from gaussrep.data.scenes.scannet.raw_frames import SensFile
from gaussrep.data.unreadable import UnreadableSceneError


@pytest.fixture
def path(raw):
    return raw.root / "scans" / "scene0000_00" / "scene0000_00.sens"


def test_frames_come_back_in_the_size_of_the_depth(path, raw):
    sens = SensFile(path)
    assert sorted(sens.viewmats) == [0, 1, 3, 4, 5]  # the pose of 2 was lost
    np.testing.assert_allclose(sens.intrinsics, raw.K, rtol=1e-5)
    frame, wanted = sens.read(4), raw.frames[4]
    np.testing.assert_allclose(frame.depth, wanted.depth, atol=6e-4)
    np.testing.assert_allclose(frame.viewmat, wanted.viewmat, atol=1e-5)
    assert frame.image.shape == wanted.image.shape
    assert np.abs(frame.image.astype(int) - wanted.image.astype(int)).mean() < 6


def test_damaged_recordings_are_named(path):
    whole = path.read_bytes()
    for cut in (0, 10, 100, 400, len(whole) - 1):
        path.write_bytes(whole[:cut])
        with pytest.raises(UnreadableSceneError, match=r"\.sens: this recording is truncated"):
            SensFile(path)
    path.write_bytes(b"\3" + whole[1:])
    with pytest.raises(UnreadableSceneError, match=r"no \.sens file of version 4"):
        SensFile(path)
    path.write_bytes(whole[:-40] + bytes(40))
    with pytest.raises(UnreadableSceneError, match="frame 5 cannot be read"):
        SensFile(path).read(5)
    np.testing.assert_allclose(SensFile(path).read(1).depth.shape, (24, 32))
