#!/usr/bin/env bash
# An SPZ file that names its axes by Adobe's record: splat-transform 2.7.1 honors it, 3.7.0 does not.
#
# Expected: whether SPZ holds x right, y up, z back (its specification) or the axes of a PLY file is an old
# confusion, and the record SPZ_ADOBE_coordinate_system (type 0xADBE0003) was made to end it. A reader that once
# honored it continues to, and files with different records give scenes that are turned against each other.
# What happens: splat-transform 2.7.1 turns a file of "right, up, back" half about x into the axes of PLY, and
# leaves one of "right, down, front" as it is. 3.7.0 gives the same PLY for both. So do gsply 0.4.6, silently,
# and gaussforge 0.6.0, with a line on the error stream that its build has no extensions. No program fails.
# Why it matters: a scene of Gaussians arrives upside down against its cameras and point cloud, and an upgrade of
# the converter turns it, although the file states its axes. Compare a center before and after each conversion,
# or turn the scene yourself by the record.
#
# Needs node, npm and Python.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
python="$work/venv/bin/python"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
  gsply==0.4.6 gaussforge==0.6.0 plyfile==1.1.5 numpy==2.4.6
for version in 2.7.1 3.7.0; do
  npm install --silent --no-audit --no-fund --prefix "$work/$version" "@playcanvas/splat-transform@$version"
done

# Two Gaussians in SPZ of version 3: header, then centers of 3 x 24 bits, opacities, colors, scales, quaternions
# (the largest component, w, left out; the others 0), and the record: type, 4 bytes, number of the axes.
cat > "$work/make.py" << 'PY'
import gzip
import struct
import sys
from pathlib import Path

RECORD = {"right-up-back": 4, "right-down-front": 6}
CENTERS = [(1.0, 2.0, 3.0), (-0.5, 0.25, 4.0)]
for name, number in RECORD.items():
    content = struct.pack("<4sIIBBBB", b"NGSP", 3, len(CENTERS), 0, 12, 2, 0)
    for center in CENTERS:
        content += b"".join(int(x * 4096).to_bytes(3, "little", signed=True) for x in center)
    content += bytes([200] * 2 + [128] * 6 + [96] * 6) + struct.pack("<II", 3 << 30, 3 << 30)
    content += struct.pack("<III", 0xADBE0003, 4, number)
    Path(sys.argv[1], f"{name}.spz").write_bytes(gzip.compress(content))
PY
"$python" "$work/make.py" "$work"
for version in 2.7.1 3.7.0; do
  for axes in right-up-back right-down-front; do
    node "$work/$version/node_modules/@playcanvas/splat-transform/bin/cli.mjs" -q -w \
      "$work/$axes.spz" "$work/$axes-$version.ply"
  done
done

cat > "$work/compare.py" << 'PY'
import sys
from importlib.metadata import version
from pathlib import Path

import gaussforge
import gsply
from plyfile import PlyData

work = Path(sys.argv[1])


def ply(path):
    rows = PlyData.read(str(path))["vertex"].data
    return [tuple(float(row[axis]) for axis in "xyz") for row in rows]


def forge(name):
    result = gaussforge.GaussForge().convert((work / f"{name}.spz").read_bytes(), "spz", "ply")
    (work / "forge.ply").write_bytes(result["data"])
    return ply(work / "forge.ply")


readers = {
    "splat-transform 2.7.1": lambda name: ply(work / f"{name}-2.7.1.ply"),
    "splat-transform 3.7.0": lambda name: ply(work / f"{name}-3.7.0.ply"),
    f"gsply {version('gsply')}": lambda name: [
        tuple(row) for row in gsply.read_spz(str(work / f"{name}.spz")).means.tolist()
    ],
    f"gaussforge {version('gaussforge')}": forge,
}
as_stored = [(1.0, 2.0, 3.0), (-0.5, 0.25, 4.0)]
turned = [(x, -y, -z) for x, y, z in as_stored]
same = True
for reader, read in readers.items():
    got = {name: read(name) for name in ("right-up-back", "right-down-front")}
    for name, centers in got.items():
        print(f"{reader}, record {name}: {centers}")
    honors = reader.endswith("2.7.1")
    same &= got["right-down-front"] == as_stored
    same &= got["right-up-back"] == (turned if honors else as_stored)
print("as described: only splat-transform 2.7.1 honors the record" if same else "changed: other than described")
sys.exit(not same)
PY
"$python" "$work/compare.py" "$work"
