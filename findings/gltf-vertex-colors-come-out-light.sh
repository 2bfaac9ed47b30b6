#!/usr/bin/env bash
# trimesh 5.2.0 and splat-transform 3.7.0 write colors of the screen into glTF's linear ones: 128 is shown as 188.
#
# Expected: a gray of 128 in a PLY file, which is one of the screen, is a gray of 128 on the screen after its conversion
# to GLB. trimesh reads its own file back with 128, so a round trip agrees.
# What happens: glTF defines COLOR_0 as linear, so what a viewer reads is brightened by the curve of sRGB. trimesh
# copies the bytes of a mesh or a point cloud, and splat-transform the base colors of Gaussians, which viewers without
# support for Gaussians draw as points. three.js 0.187.0 follows glTF and shows 188 for 128, 137 for 64: washed out.
# Why it matters: meshes and point clouds of Gaussian scenes have colors per vertex, not textures, for which everything
# is right. They look pale on the web beside the renders, as if exposure or spherical harmonics were lost, and colors
# that come back from a program that follows glTF do not compare.
# Remedy: decode sRGB before writing (32-bit floats, or 16-bit integers; 8 bits are too few for dark colors).
#
# Needs node, npm and Python.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
python="$work/venv/bin/python"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check trimesh==5.2.0 plyfile==1.1.5 numpy==2.4.6
npm install --silent --no-audit --no-fund --prefix "$work" @playcanvas/splat-transform@3.7.0 three@0.187.0

cat > "$work/write.py" << 'PY'
import sys
from pathlib import Path

import numpy as np
import trimesh
from plyfile import PlyData, PlyElement

work = Path(sys.argv[1])
color = np.array([128, 64, 255, 255], np.uint8)
mesh = trimesh.creation.box()
mesh.visual.vertex_colors = np.tile(color, (len(mesh.vertices), 1))
mesh.export(work / "mesh.glb")
cloud = trimesh.PointCloud(mesh.vertices, colors=np.tile(color, (len(mesh.vertices), 1)))
trimesh.Scene(cloud).export(work / "points.glb")
for name in ("mesh.glb", "points.glb"):
    (read,) = trimesh.load_scene(work / name).geometry.values()
    colors = read.colors if name == "points.glb" else read.visual.vertex_colors
    assert (colors == color).all()

columns = "x y z f_dc_0 f_dc_1 f_dc_2 opacity scale_0 scale_1 scale_2 rot_0 rot_1 rot_2 rot_3".split()
rows = np.zeros(3, [(column, "<f4") for column in columns])
rows["x"], rows["rot_0"], rows["opacity"] = np.arange(3), 1, 4
for channel in range(3):
    rows[f"f_dc_{channel}"] = (color[channel] / 255 - 0.5) / 0.28209479177387814
PlyData([PlyElement.describe(rows, "vertex")]).write(work / "scene.ply")
PY
"$python" "$work/write.py" "$work"
node "$work/node_modules/@playcanvas/splat-transform/bin/cli.mjs" -w "$work/scene.ply" "$work/gaussians.glb" \
  > "$work/log" 2>&1

cat > "$work/read.mjs" << 'JS'
import fs from "node:fs";
import { Color, SRGBColorSpace } from "three";
import { GLTFLoader } from "three/addons/loaders/GLTFLoader.js";

const shown = {};
for (const name of ["mesh", "points", "gaussians"]) {
  const file = fs.readFileSync(`${process.argv[2]}/${name}.glb`);
  const content = file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength);
  const { scene } = await new GLTFLoader().parseAsync(content, "");
  scene.traverse(({ geometry, material }) => {
    if (!geometry) return;
    const color = new Color().fromBufferAttribute(geometry.getAttribute("color"), 0);
    const { r, g, b } = color.getRGB({}, SRGBColorSpace); // from three.js's linear colors to those of the screen
    if (material.vertexColors) shown[name] = [r, g, b].map((value) => Math.round(value * 255));
  });
}
console.log("written: [ 128, 64, 255 ]; shown by three.js 0.187.0:", shown);
const close = (values) => values?.every((value, i) => Math.abs(value - [188, 137, 255][i]) <= 1);
const same = ["mesh", "points", "gaussians"].every((name) => close(shown[name]));
console.log(same ? "as described" : "changed: other than described");
process.exit(same ? 0 : 1);
JS
node "$work/read.mjs" "$work"
