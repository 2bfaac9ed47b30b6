#!/usr/bin/env bash
# usd-convert-gsplat 0.1.15: the up axis is only a label, and the rotation that would cure it forgets the harmonics.
#
# Expected: a USD stage names its up axis, so a converter from PLY turns the scene to it: the files of --up-axis Y and
# --up-axis Z hold different numbers. And --rotate-x turns all that has a direction: centers, orientations and the
# spherical harmonics of the colors.
# What happens: both files hold the numbers of the PLY file; only the word upAxis differs. A PLY file of 3D Gaussian
# Splatting usually has y down, so the scene is upside down under the default label Y. With --rotate-x 180 centers
# and orientations are turned, but the coefficients of degree 1 and above are those of the source, though half a turn
# about x changes the sign of two of three of degree 1: highlights and reflections stay where they were before
# the turn.
# Why it matters: this is the tool of the format's makers for bringing Gaussians into USD. Nothing fails, the file is
# valid, a scene without harmonics looks right after the turn, and one with them only looks dull or odd from the side.
# Remedy: keep the numbers and turn the prim by a transform of the stage, or rotate the PLY with a program that also
# rotates harmonics.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
  usd-convert-gsplat==0.1.15 usd-core==26.11 plyfile==1.1.5 numpy==2.3.1

cat > "$work/convert.py" << 'PY'
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
from plyfile import PlyData, PlyElement
from pxr import Usd, UsdGeom

WORK, COUNT = Path(sys.argv[1]), 4
NAMES = ["x", "y", "z", "nx", "ny", "nz", "f_dc_0", "f_dc_1", "f_dc_2"]
NAMES += [f"f_rest_{index}" for index in range(9)]
NAMES += ["opacity", *(f"scale_{axis}" for axis in range(3)), *(f"rot_{part}" for part in range(4))]
rows = np.zeros(COUNT, dtype=[(name, "f4") for name in NAMES])
numbers = np.random.default_rng(0)
for name in NAMES:
    rows[name] = numbers.normal(size=COUNT)
PlyData([PlyElement.describe(rows, "vertex")]).write(WORK / "scene.ply")


def convert(*options):
    target = WORK / "scene.usda"
    program = Path(sys.executable).with_name("usd-convert-gsplat")
    command = [program, "-i", WORK / "scene.ply", "-o", target, *options]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    stage = Usd.Stage.Open(str(target))
    found = [prim for prim in stage.Traverse() if prim.GetTypeName() == "ParticleField3DGaussianSplat"]
    assert not any(UsdGeom.Xformable(prim).GetOrderedXformOps() for prim in stage.Traverse())
    read = lambda name: np.array(found[0].GetAttribute(name).Get(), dtype=np.float32)
    harmonics = read("radiance:sphericalHarmonicsCoefficients").reshape(COUNT, 4, 3)
    return str(UsdGeom.GetStageUpAxis(stage)), read("positions"), harmonics


print("usd-convert-gsplat", version("usd-convert-gsplat"), "usd-core", version("usd-core"))
up_y, centers_y, harmonics_y = convert("--up-axis", "Y")
up_z, centers_z, harmonics_z = convert("--up-axis", "Z")
print(f"first center in the PLY {[float(rows[axis][0]) for axis in 'xyz']}")
print(f"first center, upAxis {up_y}: {centers_y[0].tolist()}; upAxis {up_z}: {centers_z[0].tolist()}")
assert (up_y, up_z) == ("Y", "Z")
assert np.array_equal(centers_y, centers_z)
assert np.array_equal(centers_y, np.stack([rows[axis] for axis in "xyz"], axis=1))

_, turned, harmonics = convert("--rotate-x", "180")
print(f"--rotate-x 180: {turned[0].tolist()}")
print(f"degree 1, red, before {harmonics_y[0, 1:, 0].tolist()}, after {harmonics[0, 1:, 0].tolist()}")
assert np.allclose(turned, centers_y * [1, -1, -1], atol=1e-6)
# The functions of degree 1 are -y, z and -x, up to a factor: half a turn about x negates the first two.
right = harmonics_y[:, 1:] * np.array([-1, -1, 1])[:, None]
assert np.array_equal(harmonics, harmonics_y)
assert not np.allclose(harmonics[:, 1:], right)
print("as described")
PY
"$work/venv/bin/python" "$work/convert.py" "$work"
