#!/usr/bin/env bash
# OpenCV 4.14.0 reads an EXR file of depth as zeros, and one of positions as gray; OpenCV 5.0.0's wheel reads no EXR.
#
# Expected: imread(path, IMREAD_UNCHANGED) gives the channels of an EXR file that OpenCV knows, and None for a file that
# it cannot read, as it does elsewhere. Depth in EXR has the name Z, as the format's documentation has it.
# What happens, with OPENCV_IO_ENABLE_OPENEXR=1, which is needed at all:
# 1. A file with the one channel Z gives a float image of the right size that is 0 everywhere. No error, no warning, not
#    None.
# 2. X, Y, Z (positions or normals) give one channel: Y is taken for the luminance, X and Z are left out.
# 3. Only a file whose one channel is Y or R, G, B comes as it is. A channel of another name, V, gives None.
# 4. opencv-python-headless 5.0.0.93 gives None for all of them, R, G, B too: the codec is no longer in the wheel.
# Why it matters: synthetic data for Gaussian splatting (from renderers of games and films) has its depth, normals and
# positions in EXR. Depth of 0 means "not measured" to most programs, so that depth losses and fusion do nothing and
# report success; the upgrade to 5 then breaks the color images as well.
# Remedy: read with the package OpenEXR, which gives all channels by name.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for version in 4.14.0.94 5.0.0.93; do
  "${PYTHON:-python3}" -m venv "$work/$version"
  "$work/$version/bin/pip" install --quiet --disable-pip-version-check \
    "opencv-python-headless==$version" OpenEXR==3.5.3 numpy==2.4.6
done

cat > "$work/read.py" << 'PY'
import os
import sys
from pathlib import Path

os.environ["OPENCV_IO_ENABLE_OPENEXR"] = "1"

import cv2
import numpy as np
import OpenEXR

FILES = {"RGB": "RGB", "Y": "Y", "Z": "Z", "V": "V", "X, Y, Z": "XYZ", "R, G, B and Z": "RGBZ"}
KIND = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}


def first_pixel(name, channels):
    """First pixel as OpenCV reads it; channel i of the file is i + 1 everywhere."""
    path = str(Path(sys.argv[1], f"{cv2.__version__}-{channels}.exr"))
    planes = {channel: np.full((24, 32), i + 1.0, np.float32) for i, channel in enumerate(channels)}
    with OpenEXR.File(KIND, dict(planes)) as file:
        file.write(path)
    with OpenEXR.File(path, separate_channels=True) as file:
        assert all((file.channels()[channel].pixels == planes[channel]).all() for channel in channels)
    image = cv2.imread(path, cv2.IMREAD_UNCHANGED)
    if image is None:
        return None
    assert image.dtype == np.float32
    assert image.shape[:2] == (24, 32)
    assert (image == image[0, 0]).all()
    return image[0, 0].tolist()


print("OpenCV", cv2.__version__)
found = {name: first_pixel(name, channels) for name, channels in FILES.items()}
for name, pixel in found.items():
    print(f"  {name}: {pixel}")
wanted = {
    "RGB": [3.0, 2.0, 1.0],
    "Y": 1.0,
    "Z": 0.0,
    "V": None,
    "X, Y, Z": 2.0,
    "R, G, B and Z": [3.0, 2.0, 1.0],
}
if cv2.__version__.startswith("5"):
    wanted = dict.fromkeys(FILES)
assert found == wanted, "other than described"
PY
for version in 4.14.0.94 5.0.0.93; do
  "$work/$version/bin/python" "$work/read.py" "$work" 2> "$work/log" || { cat "$work/log"; exit 1; }
done
echo "as described"
