import subprocess

import numpy as np
import pytest
from PIL import Image

from gaussrep.clips import check_clip, write_clip
from gaussrep.errors import ConfigError, DataError


@pytest.fixture
def frames():
    """Three frames of growing brightness."""
    return [np.full((16, 32, 3), 60 * number, np.uint8) for number in (1, 2, 3)]


@pytest.mark.parametrize("suffix", ["gif", "webp"])
def test_an_animation_has_every_frame_and_repeats(suffix, frames, tmp_path):
    write_clip(iter(frames), tmp_path / f"clip.{suffix}", fps=10)
    with Image.open(tmp_path / f"clip.{suffix}") as clip:
        assert (clip.n_frames, clip.size, clip.info["loop"]) == (3, (32, 16), 0)
        for number, frame in enumerate(frames):
            clip.seek(number)
            clip.load()
            assert clip.info["duration"] == 100
            found = np.asarray(clip.convert("RGB")).astype(int)
            assert np.abs(found - frame).max() <= 2


def test_a_folder_has_the_exact_images(frames, tmp_path):
    write_clip(iter(frames), tmp_path / "clip", fps=10)
    for number, frame in enumerate(frames):
        with Image.open(tmp_path / "clip" / f"{number:05d}.png") as image:
            np.testing.assert_array_equal(np.asarray(image), frame)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # its open pipes
def test_an_mp4_has_every_frame(frames, tmp_path):
    ffmpeg = pytest.importorskip("imageio_ffmpeg")
    write_clip(iter(frames), tmp_path / "clip.mp4", fps=10)
    reader = ffmpeg.read_frames(str(tmp_path / "clip.mp4"))
    facts = next(reader)
    assert (facts["size"], facts["fps"], facts["codec"]) == ((32, 16), 10.0, "h264")
    means = [np.frombuffer(frame, np.uint8).mean() for frame in reader]
    np.testing.assert_allclose(means, [60, 120, 180], atol=3)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_mp4_names_its_colors(tmp_path):
    """ffmpeg 9 alone writes BT.601 without a name, and a player of HD then shows green as 215."""
    ffmpeg = pytest.importorskip("imageio_ffmpeg")
    colors = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [200, 120, 40]], np.uint8)
    frame = colors.repeat(32, 0)[None].repeat(32, 0)
    write_clip([frame] * 2, tmp_path / "clip.mp4", fps=10)
    program = [ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-i", tmp_path / "clip.mp4"]
    raw = ["-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    decoded = subprocess.run([*program, *raw], capture_output=True, check=True)
    assert b"(tv, bt709" in decoded.stderr
    found = np.frombuffer(decoded.stdout, np.uint8).reshape(32, 128, 3)[16, 16::32]
    np.testing.assert_allclose(found, colors, atol=3)


def test_gray_frames_are_taken(frames, tmp_path):
    write_clip((frame[..., 0] for frame in frames), tmp_path / "clip.gif", fps=10)
    with Image.open(tmp_path / "clip.gif") as clip:
        assert clip.n_frames == 3


@pytest.mark.parametrize("name", ["clip.gif", "clip.mp4", "clip"])
def test_nothing_is_left_where_rendering_fails(name, frames, tmp_path):
    if name.endswith("mp4"):
        pytest.importorskip("imageio_ffmpeg")

    def failing():
        yield frames[0]
        raise DataError("no more")

    with pytest.raises(DataError, match="no more"):
        write_clip(failing(), tmp_path / name, fps=10)
    assert list(tmp_path.iterdir()) == []


def test_wrong_outputs_are_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"a clip is \*\.gif, \*\.webp, \*\.mp4, or a folder"):
        check_clip(tmp_path / "clip.avi", 16, 16)
    with pytest.raises(ConfigError, match="even sides, got 15x16"):
        check_clip(tmp_path / "clip.mp4", 15, 16)
    with pytest.raises(ConfigError, match="exists already"):
        check_clip(tmp_path, 16, 16)
