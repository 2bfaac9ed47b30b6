#!/usr/bin/env bash
# Keypoints of SIFT in OpenCV 5.0.0 and scikit-image 0.26.0 are a quarter of a pixel right of and below the point.
#
# Expected: SIFT locates a symmetric blob at its center, to a few hundredths of a pixel, in the coordinates of its
# library: the first pixel's center is 0 in OpenCV and scikit-image, 0.5 in COLMAP. To use OpenCV's keypoints in COLMAP,
# add 0.5.
# What happens: OpenCV and scikit-image add 0.25 to x and y of every keypoint (both enlarge the image to twice its size
# first; OpenCV's option for that step makes it exact), at all positions and sizes. pycolmap 4.2.1 is exact. After the
# usual + 0.5 the points are still 0.25 off in COLMAP's coordinates. It does not average out, and no residual of a
# bundle adjustment shows it, because matches of one library agree with each other.
# Why it matters: the cameras absorb it as a wrong principal point or rotation, until the points meet something else:
# checkerboard corners, keypoints of COLMAP or of a network in the same reconstruction, depth images, laser scans, or
# renders of Gaussians. Then a residual of 0.35 pixels stays.
# Remedy: cv2.SIFT_create(enable_precise_upscale=True), or subtract 0.25.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
  opencv-python-headless==5.0.0.93 scikit-image==0.26.0 pycolmap==4.2.1 numpy==2.4.6

cat > "$work/detect.py" << 'PY'
import cv2
import numpy as np
import pycolmap
import skimage
from skimage.feature import SIFT

ROWS, COLUMNS = np.mgrid[:240, :320]
CENTERS = np.stack(np.meshgrid(np.arange(40, 300, 40), np.arange(40, 220, 40)), -1).reshape(-1, 2)
CENTERS = CENTERS + np.random.default_rng(0).uniform(-0.5, 0.5, CENTERS.shape)


def blobs(size):
    """Gaussian blobs; their centers are in the coordinates of OpenCV, 0 for the center of the first pixel."""
    image = sum(np.exp(-((COLUMNS - x) ** 2 + (ROWS - y) ** 2) / (2 * size**2)) for x, y in CENTERS)
    return np.round(20 + 200 * image).astype(np.uint8)


def by_opencv(image, **options):
    return [point.pt for point in cv2.SIFT_create(**options).detect(image)]


def by_skimage(image):
    sift = SIFT()
    sift.detect(image / 255)
    return sift.positions[:, ::-1]


def by_pycolmap(image):
    extractor = pycolmap.FeatureExtractor.create(device=pycolmap.Device.cpu)
    keypoints, _ = extractor.extract(pycolmap.Bitmap.from_array(image))
    return [(point.x - 0.5, point.y - 0.5) for point in keypoints]


def shift(points):
    """Mean and spread of the nearest keypoints' distances to the blobs."""
    offsets = np.asarray(points)[None] - CENTERS[:, None]
    nearest = offsets[np.arange(len(CENTERS)), (offsets**2).sum(-1).argmin(1)]
    assert np.abs(nearest).max() < 1
    return nearest.mean(0), nearest.std(0).max()


print("OpenCV", cv2.__version__, "scikit-image", skimage.__version__, "pycolmap", pycolmap.__version__)
for name, detect, wanted in (
    ("OpenCV", by_opencv, 0.25),
    ("OpenCV, precise", lambda image: by_opencv(image, enable_precise_upscale=True), 0.0),
    ("scikit-image", by_skimage, 0.25),
    ("pycolmap, minus 0.5", by_pycolmap, 0.0),
):
    for size in (2.0, 3.0, 5.0):
        mean, spread = shift(detect(blobs(size)))
        print(f"  {name}, blobs of sigma {size}: {np.round(mean, 2) + 0.0}, spread {spread:.2f}")
        assert np.allclose(mean, wanted, atol=0.05), "other than described"
        assert spread < 0.05, "other than described"
print("as described")
PY
GLOG_minloglevel=2 "$work/venv/bin/python" "$work/detect.py"
