#!/usr/bin/env bash
# py360convert 1.0.4: views cut out of a panorama have the focal length (w - 1) / 2 at 90 degrees, not w / 2.
#
# Expected: a view of 90 degrees and w x w pixels is a pinhole camera with focal length w / 2 and principal point w / 2,
# which is what COLMAP, OpenCV and renderers of Gaussians are given for the faces of a cube. Converted back to a
# panorama, each direction has the color that it had.
# What happens:
# 1. e2p and e2c put the centers of the first and the last pixel on the border of the field of view. A ray near the
#    border is half a pixel from where the pinhole camera with w / 2 has it, in each view and at each size; the middle
#    is right. The borders of neighboring faces hold the same directions twice.
# 2. c2e reads the faces at half a pixel to the right and down of the directions that it fills: a panorama that went
#    through e2c and c2e is turned and tilted by half a pixel of the face (0.22 degrees for faces of 256 pixels).
# Why it matters: panoramas are cut into such views for COLMAP and for training Gaussians. With a fixed camera of 90
# degrees half a pixel of error stays at all borders, where the overlap of the views is; with an estimated one, faces of
# a rig no longer meet. Features, masks or depth that are computed on faces and brought back by c2e lie beside the
# image.
# Remedy: give the cameras the focal length (w - 1) / 2 (for e2p: (w - 1) / 2 / tan(fov / 2)), and do not bring results
# back by c2e; sample the faces by that camera.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check py360convert==1.0.4 numpy==2.4.6 scipy==1.17.1

cat > "$work/cut.py" << 'PY'
import importlib.metadata

import numpy as np
import py360convert

HEIGHT, WIDTH = 1024, 2048
latitude = (0.5 - (np.arange(HEIGHT)[:, None] + 0.5) / HEIGHT) * np.pi
longitude = ((np.arange(WIDTH)[None] + 0.5) / WIDTH - 0.5) * 2 * np.pi
# A panorama whose three channels are the direction of each pixel: x right, y up, z to the middle.
directions = np.stack(
    [
        np.cos(latitude) * np.sin(longitude),
        np.broadcast_to(np.sin(latitude), (HEIGHT, WIDTH)),
        np.cos(latitude) * np.cos(longitude),
    ],
    -1,
)


def errors(view, focal):
    """Columns at which a pinhole camera has the directions in a row of the view, minus the columns."""
    size = len(view)
    row = view[size // 2]
    return row[:, 0] / row[:, 2] * focal + size / 2 - (np.arange(size) + 0.5)


def turned(size):
    """Degrees by which directions at the middle of the panorama change by way of a cube."""
    faces = py360convert.e2c(directions, size, cube_format="dict")
    back = py360convert.c2e(faces, HEIGHT, WIDTH, cube_format="dict")
    middle = np.s_[HEIGHT // 2 - 8 : HEIGHT // 2 + 8, WIDTH // 2 - 8 : WIDTH // 2 + 8]
    x, y, z = np.moveaxis(back / np.linalg.norm(back, axis=-1, keepdims=True), -1, 0)
    found = np.arctan2(x, z) - longitude, np.arcsin(y) - latitude
    return [float(np.degrees(change[middle]).mean()) for change in found]


print("py360convert", importlib.metadata.version("py360convert"))
for size in (64, 256):
    views = {
        "e2p": py360convert.e2p(directions, (90, 90), 0, 0, (size, size)),
        "e2c": py360convert.e2c(directions, size, cube_format="dict")["F"],
    }
    for name, view in views.items():
        usual, other = errors(view, size / 2), errors(view, (size - 1) / 2)
        print(f"{name}, {size} pixels, errors at the left, middle and right in pixels:")
        for label, found in (("w / 2", usual), ("(w - 1) / 2", other)):
            print(f"  focal length {label}: {np.round(found[[0, size // 2, -1]], 2) + 0.0}")
        assert np.allclose(usual[[0, -1]], [-0.5, 0.5], atol=0.02)
        assert abs(usual[size // 2]) < 0.03
        assert np.abs(other).max() < 0.03
    pixel = np.degrees(2 / size)
    right, up = turned(size)
    print(f"e2c and c2e, {size} pixels: {right:.3f} degrees to the right, {-up:.3f} down;", end=" ")
    print(f"in pixels of the face {right / pixel:.2f}, {-up / pixel:.2f}")
    assert np.allclose([right / pixel, -up / pixel], 0.5, atol=0.05)
print("as described")
PY
"$work/venv/bin/python" "$work/cut.py"
