#!/usr/bin/env bash
# Open3D 0.20.0 divides depth in meters by 1000 once more; a fusion with ScalableTSDFVolume gives an empty mesh.
#
# Expected: depth_scale (1000 by default) converts sensors' integers, for example millimeters, to meters. A float image
# already holds meters: RGBDImage divides by depth_scale once, and what reads such an image takes it as it is, as Open3D
# 0.19.0 does.
# What happens:
# 1. In 0.20.0 PointCloud.create_from_depth_image also divides float images: a depth of 1.2 m gives a point 1.2 mm in
#    front of the camera. 0.19.0 gives 1.2 m with the same call. Only images of integers are equal in both.
# 2. ScalableTSDFVolume finds the blocks that it fills by this function with a fixed scale of 1000, so it opens blocks
#    next to the camera only. integrate() succeeds, the mesh has no vertex. UniformTSDFVolume still works, and so does
#    create_from_rgbd_image.
# Why it matters: meshes of Gaussian scenes (2DGS and its successors) come from rendered depth, which is a float image
# in meters, by ScalableTSDFVolume. After an upgrade the mesh is empty without an error, and depth, poses, near plane
# and truncation are suspected first.
# Remedy: depth_scale=1 for float images; fuse with t.geometry.VoxelBlockGrid (depth_scale=1) or UniformTSDFVolume, or
# keep Open3D 0.19.
#
# Linux and Windows on x86-64: the smaller build open3d-cpu; open3d itself behaves the same.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat > "$work/fuse.py" << 'PY'
import sys

import numpy as np
import open3d
from open3d.pipelines.integration import ScalableTSDFVolume, TSDFVolumeColorType, UniformTSDFVolume

PointCloud, Image, RGBDImage = open3d.geometry.PointCloud, open3d.geometry.Image, open3d.geometry.RGBDImage
width, height, focal = 64, 48, 50.0
camera = open3d.camera.PinholeCameraIntrinsic(width, height, focal, focal, width / 2, height / 2)
millimeters = Image(np.full((height, width), 1200, dtype=np.uint16))
meters = Image(np.full((height, width), 1.2, dtype=np.float32))
colors = Image(np.full((height, width, 3), 128, dtype=np.uint8))


def depth(cloud):
    return round(float(np.asarray(cloud.points)[:, 2].mean()), 6)


measured = RGBDImage.create_from_color_and_depth(colors, millimeters, convert_rgb_to_intensity=False)
rendered = RGBDImage.create_from_color_and_depth(
    colors, meters, depth_scale=1.0, convert_rgb_to_intensity=False
)
found = {
    "integers": depth(PointCloud.create_from_depth_image(millimeters, camera)),
    "float": depth(PointCloud.create_from_depth_image(meters, camera)),
    "float, depth_scale=1": depth(PointCloud.create_from_depth_image(meters, camera, depth_scale=1.0)),
    "RGBD of integers": depth(PointCloud.create_from_rgbd_image(measured, camera)),
    "RGBD of float": depth(PointCloud.create_from_rgbd_image(rendered, camera)),
}
for name, volume in (
    ("scalable", ScalableTSDFVolume(0.02, 0.08, TSDFVolumeColorType.RGB8)),
    ("uniform", UniformTSDFVolume(4.0, 200, 0.08, TSDFVolumeColorType.RGB8, np.array([-2.0, -2.0, 0.0]))),
):
    for image in (measured, rendered):
        volume.integrate(image, camera, np.eye(4))
    found[name] = len(volume.extract_triangle_mesh().vertices) > 0

print("Open3D", open3d.__version__)
for name, value in found.items():
    print(f"  {name}: {value}" if isinstance(value, float) else f"  mesh of the {name} volume: {value}")
changed = sys.argv[1] == "changed"
assert open3d.__version__ == ("0.20.0" if changed else "0.19.0")
assert found == {
    "integers": 1.2,
    "float": 0.0012 if changed else 1.2,
    "float, depth_scale=1": 1.2,
    "RGBD of integers": 1.2,
    "RGBD of float": 1.2,
    "scalable": not changed,
    "uniform": True,
}
PY
for version in 0.19.0 0.20.0; do
  "${PYTHON:-python3}" -m venv "$work/$version"
  "$work/$version/bin/pip" install --quiet --disable-pip-version-check "open3d-cpu==$version" numpy==2.3.1
done
"$work/0.19.0/bin/python" "$work/fuse.py" same
"$work/0.20.0/bin/python" "$work/fuse.py" changed
echo "as described"
