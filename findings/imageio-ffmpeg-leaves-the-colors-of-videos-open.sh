#!/usr/bin/env bash
# imageio-ffmpeg 0.8.1 writes HD videos with the color matrix of old television, and does not say so in the file.
#
# Expected: a video of rendered frames has their colors, but for a step or two of compression, in every player; HD video
# is BT.709.
# What happens: ffmpeg converts RGB by BT.601 at every size, and write_frames passes no option to change or to name it,
# so the stream says nothing of its colors. What takes an unnamed stream for BT.601, as ffmpeg itself and PyAV do, shows
# the right colors. What takes HD for BT.709, as the standard has it, shows a green of 255 as 215, and adds 23 of green
# to a pure red. Grays are right, so that a test with gray frames passes.
# Why it matters: videos are how renders of Gaussians are shown and compared. The same frames look different as PNG and
# as MP4, and from player to player; metrics of frames that were read back agree only with the program that wrote them.
# Remedy: output_params=["-vf", "scale=out_color_matrix=bt709:out_range=tv", "-colorspace", "bt709", "-color_range",
# "tv"].
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check imageio-ffmpeg==0.8.1 av==18.1.0 numpy==2.4.6

cat > "$work/colors.py" << 'PY'
import sys
from pathlib import Path

import av
import imageio_ffmpeg
import numpy as np

WIDTH, HEIGHT = 1280, 720
COLORS = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [200, 120, 40], [128, 128, 128]], np.uint8)
STRIPE = WIDTH // len(COLORS)
NAMED = ["-vf", "scale=out_color_matrix=bt709:out_range=tv", "-colorspace", "bt709", "-color_range", "tv"]
UNNAMED, BT709 = 2, 1  # numbers of H.264's table of matrices


def written(name, options):
    path = str(Path(sys.argv[1], name))
    frame = COLORS.repeat(STRIPE, 0)[None].repeat(HEIGHT, 0)
    writer = imageio_ffmpeg.write_frames(path, (WIDTH, HEIGHT), fps=30, quality=10, output_params=options)
    writer.send(None)
    for _ in range(3):
        writer.send(np.ascontiguousarray(frame))
    writer.close()
    return path


def read(path):
    """The matrix that is named, and the colors: as PyAV takes them, and by BT.709."""
    with av.open(path) as video:
        frame = next(video.decode(video=0))
        images = frame.to_ndarray(format="rgb24"), frame.reformat(format="rgb24", src_colorspace="itu709").to_ndarray()
    return int(frame.colorspace), [image[HEIGHT // 2, STRIPE // 2 :: STRIPE] for image in images]


print("imageio-ffmpeg", imageio_ffmpeg.__version__, "ffmpeg", imageio_ffmpeg.get_ffmpeg_version(), "PyAV", av.__version__)
print("written:", COLORS.tolist())
matrix, (plain, as_hd) = read(written("plain.mp4", []))
print(f"matrix {matrix} (2: not named), read by PyAV: {plain.tolist()}\n  by BT.709: {as_hd.tolist()}")
named, (right, right_as_hd) = read(written("named.mp4", NAMED))
print(f"with the options, matrix {named} (1: BT.709): {right.tolist()}")


def error(found):
    return int(np.abs(found.astype(int) - COLORS).max())


assert matrix == UNNAMED
assert error(plain) <= 4
assert 35 <= error(as_hd) <= 45
assert np.abs(as_hd[-1].astype(int) - COLORS[-1]).max() <= 2
assert named == BT709
assert max(error(right), error(right_as_hd)) <= 4
print("as described")
PY
"$work/venv/bin/python" "$work/colors.py" "$work"
