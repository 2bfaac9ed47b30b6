#!/usr/bin/env bash
# three.js 0.187.0 and Babylon.js 9.35.0 clamp the base color of a Gaussian to 0 to 1 before they add its harmonics.
#
# Expected: the color of a Gaussian is 0.5 + SH_C0 * f_dc plus its spherical harmonics of degree 1 to 3, clamped once,
# at the end, as the rasterizer of 3D Gaussian Splatting does. So a base color of 1.3 and harmonics of -0.4 toward the
# viewer are 0.9. Training leaves such Gaussians, since nothing keeps f_dc in a range; the makers of SPZ keep a range of
# about -0.4 to 1.4 for that reason.
# What happens: the loaders of both engines store the base color in one byte per channel, which is clamped at 0 and 255,
# and the shaders add the harmonics to this byte: 1.3 - 0.4 gives 0.6, -0.3 + 0.4 gives 0.4 instead of 0.1. Harmonics
# are bytes too, clamped at -1 and 1. It happens with PLY files in float32, where no quantization is expected.
# Why it matters: bright and dark places (windows, lamps, highlights, black cloth) are flat or gray in the browser
# though the renderer of the training shows them right. The file is suspected, or the training, or the color space.
# Remedy: compare in one of these viewers only after f_dc was limited to -1.77 to 1.77 while training, or compare
# elsewhere.
#
# What the loaders give to the shaders is read here, with the shaders' decoding; nothing is drawn. Needs node, npm,
# Python.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check plyfile==1.1.5 numpy==2.4.6
npm install --silent --no-audit --no-fund --prefix "$work" three@0.187.0 @babylonjs/core@9.35.0

cat > "$work/write.py" << 'PY'
import sys

import numpy as np
from plyfile import PlyData, PlyElement

columns = "x y z f_dc_0 f_dc_1 f_dc_2".split() + [f"f_rest_{i}" for i in range(9)]
columns += "opacity scale_0 scale_1 scale_2 rot_0 rot_1 rot_2 rot_3".split()
rows = np.zeros(4, [(column, "<f4") for column in columns])
base, toward_z = np.array([1.3, 0.9, 0.5, -0.3]), np.array([-0.4, -0.2, 0.3, 0.4])
for column in ("f_dc_0", "f_dc_1", "f_dc_2"):
    rows[column] = (base - 0.5) / 0.28209479177387814
for column in ("f_rest_1", "f_rest_4", "f_rest_7"):  # of z, for red, green and blue
    rows[column] = toward_z / 0.4886025119029199
rows["rot_0"], rows["scale_0"], rows["scale_1"], rows["scale_2"] = 1, -3, -3, -3
PlyData([PlyElement.describe(rows, "vertex")]).write(sys.argv[1])
PY
"$work/venv/bin/python" "$work/write.py" "$work/scene.ply"

cat > "$work/read.mjs" << 'JS'
import fs from "node:fs";
import { NullEngine } from "@babylonjs/core/Engines/nullEngine.js";
import { GaussianSplattingMesh } from "@babylonjs/core/Meshes/GaussianSplatting/gaussianSplattingMesh.js";
import { GaussianSplatPLYLoader } from "three/addons/loaders/GaussianSplatPLYLoader.js";

const file = fs.readFileSync(process.argv[2]);
const content = file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength);
const expected = [0.9, 0.7, 0.8, 0.1];
const rows = [0, 1, 2, 3];
const Z = 0.4886025119029199; // the basis of z, seen along z; bytes 3 to 5 of degree 1 are its red, green and blue

// three.js: color / 255 + (byte - 128) / 128 * basis
const geometry = new GaussianSplatPLYLoader().parse(content);
const color = geometry.getAttribute("color").array;
const words = geometry.getAttribute("sphericalHarmonics1").array;
const harmonics = new Uint8Array(words.buffer);
const three = rows.map((i) => color[4 * i] / 255 + ((harmonics[12 * i + 3] - 128) / 128) * Z);

// Babylon.js: color / 255 + (byte * 2 / 255 - 1) * basis; rows of 32 bytes with the color at 24
const engine = new NullEngine();
const { buffer, sh } = await GaussianSplattingMesh.ConvertPLYWithSHToSplatAsync(content);
const bytes = new Uint8Array(buffer);
const babylon = rows.map((i) => bytes[32 * i + 24] / 255 + ((sh[0][16 * i + 3] * 2) / 255 - 1) * Z);
engine.dispose();

const round = (values) => values.map((value) => Math.round(value * 100) / 100);
console.log("colors by 3D Gaussian Splatting:", expected);
console.log("three.js 0.187.0:               ", round(three));
console.log("Babylon.js 9.35.0:              ", round(babylon));
const clamped = [0.6, 0.7, 0.8, 0.4];
const close = (values) => values.every((value, i) => Math.abs(value - clamped[i]) < 0.02);
const same = close(three) && close(babylon);
console.log(same ? "as described" : "changed: other than described");
process.exit(same ? 0 : 1);
JS
node "$work/read.mjs" "$work/scene.ply"
