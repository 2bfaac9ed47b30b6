#!/usr/bin/env bash
# OpenCV 5.0.0 and pycolmap 4.2.1: the fisheye model is wrong, silently, beyond 90 degrees off the axis.
#
# Expected: OpenCV's fisheye model (Kannala-Brandt; OPENCV_FISHEYE in COLMAP) maps the angle off the axis to a radius in
# the image, and the angle may exceed 90 degrees: lenses of 190 to 220 degrees are why people choose it. With the
# coefficients at 0 and a focal length of 100 pixels, a ray at 100 degrees is 174.5 pixels off the center, and back.
# What happens, without an error:
# 1. cv2.fisheye.projectPoints puts a ray at 100 degrees where one at 80 degrees on the other side belongs: x and y are
#    divided by a negative z. What is behind the lens appears mirrored in the image.
# 2. cv2.fisheye.undistortPoints returns a point 1e16 to the side for every pixel beyond 90 degrees, straight sideways.
# 3. pycolmap's Camera.img_from_cam gives NaN beyond 90 degrees; cam_from_img and cam_ray_from_img give a plausible, wrong
#    ray: up to 90 degrees the tangent of the angle, beyond it the angle itself, so 89 degrees gives 89, 91 gives 57.8.
# Why it matters: rigs of fisheye cameras are captured for Gaussian splatting, whose renderers draw beyond 90 degrees.
# Rays or masks made by these functions send the rim of every image to other places of the scene; Gaussians behind
# the camera are counted as visible. Compute the angle with atan2(hypot(x, y), z), or crop the image at 90 degrees.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
  opencv-python-headless==5.0.0.93 pycolmap==4.2.1 numpy==2.4.6

cat > "$work/rays.py" << 'PY'
import cv2
import numpy as np
import pycolmap

FOCAL, CENTER = 100.0, 200.0
K = np.array([[FOCAL, 0, CENTER], [0, FOCAL, CENTER], [0, 0, 1]])
camera = pycolmap.Camera(
    model="OPENCV_FISHEYE", width=400, height=400,
    params=[FOCAL, FOCAL, CENTER, CENTER, 0, 0, 0, 0],
)
print("cv2", cv2.__version__, "pycolmap", pycolmap.__version__)
found = {}
for degrees in (60, 89, 91, 100):
    angle = np.radians(degrees)
    ray = np.array([[np.sin(angle), 0.0, np.cos(angle)]])
    right = CENTER + FOCAL * angle
    pixel = np.array([[right, CENTER]])
    projected = cv2.fisheye.projectPoints(ray[None], np.zeros(3), np.zeros(3), K, np.zeros(4))[0][0, 0, 0]
    sideways = cv2.fisheye.undistortPoints(pixel[None], K, np.zeros(4))[0, 0, 0]
    colmap_pixel = camera.img_from_cam(ray)[0, 0]
    back = camera.cam_ray_from_img(pixel)[0]
    colmap_degrees = np.degrees(np.arctan2(back[0], back[2]))
    found[degrees] = projected, sideways, colmap_pixel, colmap_degrees
    print(
        f"{degrees:3} degrees: x = {right:.1f}; projectPoints {projected:.1f}, img_from_cam "
        f"{colmap_pixel:.1f}; back: undistortPoints {sideways:.3g}, cam_ray_from_img {colmap_degrees:.2f} degrees"
    )

for degrees in (60, 89):
    angle = np.radians(degrees)
    expected = CENTER + FOCAL * angle, np.tan(angle), CENTER + FOCAL * angle, degrees
    assert np.allclose(found[degrees], expected, rtol=1e-6), found[degrees]
for degrees in (91, 100):
    projected, sideways, colmap_pixel, colmap_degrees = found[degrees]
    mirrored = CENTER - FOCAL * np.radians(180 - degrees)
    assert np.isclose(projected, mirrored, rtol=1e-6), projected
    assert sideways > 1e15, sideways
    assert np.isnan(colmap_pixel), colmap_pixel
    assert np.isclose(colmap_degrees, np.degrees(np.arctan(np.radians(degrees))), rtol=1e-6), colmap_degrees
print("as described")
PY
"$work/venv/bin/python" "$work/rays.py"
