#!/usr/bin/env bash
# splat-transform moves and rotates a PLY in other axes than the file's: --translate 1,2,3 moves by -1, -2, 3.
#
# Expected: a PLY goes in and a PLY comes out, so an offset is added to the columns x, y, z, and a rotation about y
# turns about the axis y of the file.
# What happens: splat-transform 2.7.1 and 3.7.0 apply both in their own axes, which are half a turn about z away from
# those of a PLY: x and y change their sign. An offset along x or y goes the other way, a rotation about x or y turns
# the other way; along and about z all is as expected.
# Why it matters: offsets and angles that were measured in the file, by COLMAP, CloudCompare or a script, move the scene
# to the wrong side. Nothing fails, and a second program has to be asked to see it.
#
# Needs node, npm and Python.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
python="$work/venv/bin/python"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check plyfile==1.1.5 numpy==2.4.6
for version in 2.7.1 3.7.0; do
  npm install --silent --no-audit --no-fund --prefix "$work/$version" "@playcanvas/splat-transform@$version"
done

cat > "$work/write.py" << 'PY'
import sys

import numpy as np
from plyfile import PlyData, PlyElement

columns = "x y z f_dc_0 f_dc_1 f_dc_2 opacity scale_0 scale_1 scale_2 rot_0 rot_1 rot_2 rot_3"
rows = np.zeros(2, [(column, "<f4") for column in columns.split()])
rows["x"], rows["z"] = [10, 20], [0, 1]
rows["rot_0"], rows["scale_0"], rows["scale_1"], rows["scale_2"] = 1, -3, -3, -3
PlyData([PlyElement.describe(rows, "vertex")]).write(sys.argv[1])
PY
"$python" "$work/write.py" "$work/scene.ply"
for version in 2.7.1 3.7.0; do
  run="$work/$version/node_modules/@playcanvas/splat-transform/bin/cli.mjs"
  node "$run" -w "$work/scene.ply" --translate 1,2,3 "$work/moved-$version.ply" > "$work/log" 2>&1
  node "$run" -w "$work/scene.ply" --rotate 0,90,0 "$work/turned-$version.ply" > "$work/log" 2>&1
done

cat > "$work/compare.py" << 'PY'
import sys
from pathlib import Path

from plyfile import PlyData


def centers(name):
    rows = PlyData.read(Path(sys.argv[1], name))["vertex"].data
    found = [[round(float(row[axis]), 3) + 0.0 for axis in "xyz"] for row in rows]
    return sorted(found, key=lambda center: sum(value * value for value in center))


print(f"centers: {centers('scene.ply')}")
same = True
for version in ("2.7.1", "3.7.0"):
    moved, turned = centers(f"moved-{version}.ply"), centers(f"turned-{version}.ply")
    print(f"splat-transform {version}: translated by 1,2,3: {moved}")
    print(f"splat-transform {version}: rotated by 90 degrees about y: {turned}")
    same &= moved == [[9, -2, 3], [19, -2, 4]]
    same &= turned == [[0, 0, 10], [-1, 0, 20]]  # about the file's y it is [0, 0, -10], [1, 0, -20]
print("as described: x and y change their sign" if same else "changed: other than described")
sys.exit(not same)
PY
"$python" "$work/compare.py" "$work"
