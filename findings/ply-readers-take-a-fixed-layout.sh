#!/usr/bin/env bash
# Four readers of Gaussians return numbers without meaning for valid PLY files, and report success.
#
# Expected: a PLY file describes its own layout: byte order, elements and their order, a type for each property. A
# reader of Gaussians finds the properties by their names, or refuses the file.
# What happens, without an error or a warning, for the same six Gaussians (gsply 0.4.6, splat-transform 3.7.0,
# Babylon.js 9.35.0, @mkkellogg/gaussian-splats-3d 0.4.7; x, y, z are compared):
# 1. red, green, blue as uchar beside the properties of 3D Gaussian Splatting: gsply takes all properties for floats of
#    four bytes, so that everything is shifted. The others read it.
# 2. An element before the Gaussians (a camera of two numbers): splat-transform, Babylon.js and gaussian-splats-3d read
#    its bytes as the first Gaussian, and the rest shifted. gsply refuses. Behind the Gaussians only gsply refuses.
# 3. Big-endian files: splat-transform, Babylon.js and gaussian-splats-3d read them as little-endian. gsply refuses.
# 4. x, y, z as doubles: gaussian-splats-3d reads them as floats. gsply refuses, the others read them.
# three.js 0.187.0 (and Spark 0.1.10, which is not run here) reads all five files.
# Why it matters: scanners and PLY libraries write doubles and colors, exporters add cameras. The file opens in MeshLab
# or Open3D, and here gives an empty view, a cloud of noise, or NaN in a training, so that the export is searched for
# faults.
# Remedy: write floats only, little-endian, one element named vertex, or compare a center after each conversion.
#
# Needs node, npm and Python.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
python="$work/venv/bin/python"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check gsply==0.4.6 plyfile==1.1.5 numpy==2.4.6
npm install --silent --no-audit --no-fund --prefix "$work" \
  @playcanvas/splat-transform@3.7.0 @babylonjs/core@9.35.0 @mkkellogg/gaussian-splats-3d@0.4.7 three@0.187.0

cat > "$work/write.py" << 'PY'
import sys
from pathlib import Path

import numpy as np
from plyfile import PlyData, PlyElement

work = Path(sys.argv[1])
COLUMNS = "x y z f_dc_0 f_dc_1 f_dc_2 opacity scale_0 scale_1 scale_2 rot_0 rot_1 rot_2 rot_3".split()


def gaussians(types, extra=()):
    columns = [(name, types.get(name, "f4")) for name in COLUMNS]
    columns[3:3] = [(name, "u1") for name in extra]
    rows = np.zeros(6, columns)
    rows["x"], rows["y"], rows["z"] = np.arange(6), 2.5, -1.25
    rows["rot_0"], rows["scale_0"], rows["scale_1"], rows["scale_2"] = 1, -3, -3, -3
    for name in extra:
        rows[name] = 200
    return PlyElement.describe(rows, "vertex")


camera = PlyElement.describe(np.array([(1.5, 3.0)], [("fx", "f4"), ("fy", "f4")]), "camera")
doubles = dict.fromkeys("xyz", "f8")
PlyData([gaussians({})], byte_order="<").write(work / "plain.ply")
PlyData([gaussians({}, ("red", "green", "blue"))], byte_order="<").write(work / "colors.ply")
PlyData([camera, gaussians({})], byte_order="<").write(work / "camera.ply")
PlyData([gaussians({})], byte_order=">").write(work / "big-endian.ply")
PlyData([gaussians(doubles)], byte_order="<").write(work / "doubles.ply")
PY
"$python" "$work/write.py" "$work"

cat > "$work/read.mjs" << 'JS'
import fs from "node:fs";

globalThis.window = globalThis;
const { GaussianSplattingMesh } = await import("@babylonjs/core/Meshes/GaussianSplatting/gaussianSplattingMesh.js");
const { PlyLoader } = await import("@mkkellogg/gaussian-splats-3d");
const { Vector3 } = await import("three");
const { GaussianSplatPLYLoader } = await import("three/addons/loaders/GaussianSplatPLYLoader.js");

const six = [0, 1, 2, 3, 4, 5];
const readers = {
  async babylon(content) {
    const rows = new Float32Array(await GaussianSplattingMesh.ConvertPLYToSplatAsync(content));
    return six.map((i) => Array.from(rows.slice(8 * i, 8 * i + 3)));
  },
  async kellogg(content) {
    const buffer = await PlyLoader.loadFromFileData(content, 0, 0, false, 0);
    const center = new Vector3();
    const indices = Array.from({ length: buffer.getSplatCount() }, (_, i) => i);
    return indices.map((i) => (buffer.getSplatCenter(i, center), center.toArray()));
  },
  async three(content) {
    const centers = new GaussianSplatPLYLoader().parse(content).getAttribute("position").array;
    return six.map((i) => Array.from(centers.slice(3 * i, 3 * i + 3)));
  },
};
const [work, ...names] = process.argv.slice(2);
const found = {};
for (const [reader, read] of Object.entries(readers)) {
  for (const name of names) {
    const file = fs.readFileSync(`${work}/${name}.ply`);
    const content = file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength);
    found[`${reader} ${name}`] = await read(content).catch(() => "refused");
  }
}
fs.writeFileSync(`${work}/found.json`, JSON.stringify(found));
process.exit(0);
JS

cat > "$work/compare.py" << 'PY'
import json
import subprocess
import sys
from pathlib import Path

import gsply
import numpy as np
from plyfile import PlyData

work = Path(sys.argv[1])
NAMES = ["plain", "colors", "camera", "big-endian", "doubles"]
EXPECTED = np.stack([np.arange(6), np.full(6, 2.5), np.full(6, -1.25)], 1)
COMMAND = ["node", work / "node_modules/@playcanvas/splat-transform/bin/cli.mjs", "-w"]


def by_gsply(name):
    try:
        return gsply.plyread(str(work / f"{name}.ply")).means
    except ValueError:
        return "refused"


def by_splat_transform(name):
    done = subprocess.run([*COMMAND, work / f"{name}.ply", work / "out.ply"], capture_output=True)
    if done.returncode:
        return "refused"
    rows = PlyData.read(work / "out.ply")["vertex"]
    return np.stack([rows["x"], rows["y"], rows["z"]], 1)


def verdict(centers):
    if isinstance(centers, str):
        return centers
    centers = np.array(centers, dtype=np.float64)  # JSON has null for numbers that are not finite
    return "right" if centers.shape == EXPECTED.shape and np.allclose(centers, EXPECTED) else "wrong"


command = ["node", work / "read.mjs", work, *NAMES]
subprocess.run(command, check=True, capture_output=True)
by_node = json.loads((work / "found.json").read_text())
found = {
    "gsply": [verdict(by_gsply(name)) for name in NAMES],
    "splat-transform": [verdict(by_splat_transform(name)) for name in NAMES],
    "Babylon.js": [verdict(by_node[f"babylon {name}"]) for name in NAMES],
    "gaussian-splats-3d": [verdict(by_node[f"kellogg {name}"]) for name in NAMES],
    "three.js": [verdict(by_node[f"three {name}"]) for name in NAMES],
}
print(" " * 20, *(name.ljust(10) for name in NAMES))
for reader, verdicts in found.items():
    print(reader.ljust(20), *(word.ljust(10) for word in verdicts))
same = found == {
    "gsply": ["right", "wrong", "refused", "refused", "refused"],
    "splat-transform": ["right", "right", "wrong", "wrong", "right"],
    "Babylon.js": ["right", "right", "wrong", "wrong", "right"],
    "gaussian-splats-3d": ["right", "right", "wrong", "wrong", "wrong"],
    "three.js": ["right"] * 5,
}
print("as described" if same else "changed: other than described")
sys.exit(not same)
PY
"$python" "$work/compare.py" "$work"
