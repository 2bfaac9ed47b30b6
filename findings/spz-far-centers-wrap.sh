#!/usr/bin/env bash
# SPZ writers move Gaussians beyond 2048 units to the other side of the scene: x = 2100 comes back as -1996.
#
# Expected: SPZ stores a center in 24 bits with a number of fractional bits that the header states, so a writer
# takes fewer of them for a large scene; or it clamps, warns or refuses.
# What happens: splat-transform 3.7.0 (and 2.7.1), gaussforge 0.6.0 and @adobe/spz 0.2.3, a build of the format's own
# library, always take 12 fractional bits and drop the bits above: centers are stored modulo 4096. All succeed
# without a warning. gsply 0.4.6 clamps to 2048, also without one.
# Why it matters: trained outdoor scenes have sky and background far out, scans are often in millimeters (2048 is
# then a room of 4 m) or in geographic coordinates. Floaters land inside the scene, a building comes back
# folded onto itself; nothing fails, and the file looks fine to every reader. Scale or center the scene first.
#
# Needs node, npm and Python.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
python="$work/venv/bin/python"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
  gsply==0.4.6 gaussforge==0.6.0 plyfile==1.1.5 numpy==2.4.6
npm install --silent --no-audit --no-fund --prefix "$work" @playcanvas/splat-transform@3.7.0 @adobe/spz@0.2.3

cat > "$work/write.py" << 'PY'
import sys
from pathlib import Path

import gaussforge
import gsply
import numpy as np
from plyfile import PlyData, PlyElement

work = Path(sys.argv[1])
columns = "x y z f_dc_0 f_dc_1 f_dc_2 opacity scale_0 scale_1 scale_2 rot_0 rot_1 rot_2 rot_3"
rows = np.zeros(6, [(column, "<f4") for column in columns.split()])
rows["x"] = [1.5, 2047.0, 2100.0, 5000.0, -3000.0, 0.25]
rows["rot_0"] = 1
for column in ("scale_0", "scale_1", "scale_2"):
    rows[column] = -3
PlyData([PlyElement.describe(rows, "vertex")]).write(str(work / "scene.ply"))
gsply.write_spz(str(work / "gsply.spz"), gsply.plyread(str(work / "scene.ply")))
result = gaussforge.GaussForge().convert((work / "scene.ply").read_bytes(), "ply", "spz")
(work / "gaussforge.spz").write_bytes(result["data"])
PY
"$python" "$work/write.py" "$work"
node "$work/node_modules/@playcanvas/splat-transform/bin/cli.mjs" -w --spz-version 3 \
  "$work/scene.ply" "$work/splat-transform.spz" > "$work/log" 2>&1
echo "warnings of splat-transform: $(grep -ci warn "$work/log" || true)"

# The library has no reader of PLY for node: take a scene of six and put the same centers into it.
cat > "$work/write.mjs" << 'JS'
import fs from "node:fs";
import createModule from "@adobe/spz";

const [input, output] = process.argv.slice(2);
const spz = await createModule({ print: () => {} });
const RUB = spz.CoordinateSystem.RUB;
const cloud = spz.loadSpzFromBuffer(new Uint8Array(fs.readFileSync(input)), { to: RUB });
const centers = new Float32Array(cloud.positions);
[1.5, 2047, 2100, 5000, -3000, 0.25].forEach((x, i) => { centers[3 * i] = x; });
cloud.positions = centers;
fs.writeFileSync(output, spz.saveSpzToBuffer(cloud, { version: 3, from: RUB, sh1Bits: 5, shRestBits: 4 }));
JS
node "$work/write.mjs" "$work/gsply.spz" "$work/adobe.spz"

cat > "$work/compare.py" << 'PY'
import gzip
import sys
from pathlib import Path

WRITTEN = [1.5, 2047.0, 2100.0, 5000.0, -3000.0, 0.25]
WRAPPED = [(x + 2048) % 4096 - 2048 for x in WRITTEN]
CLAMPED = [round(min(max(x, -2048), 2048 - 1 / 4096), 2) for x in WRITTEN]


def stored(path):
    """Read version 3: a header of 16 bytes, byte 13 the fractional bits, then 9 bytes a center."""
    content = gzip.decompress(path.read_bytes())
    starts = range(16, 16 + 9 * len(WRITTEN), 9)
    values = [int.from_bytes(content[i : i + 3], "little", signed=True) for i in starts]
    return content[13], [round(value / 2 ** content[13], 2) for value in values]


print(f"x in the scene: {WRITTEN}")
same = True
for name, version, expected in (
    ("splat-transform", "3.7.0", WRAPPED),
    ("gaussforge", "0.6.0", WRAPPED),
    ("adobe", "spz 0.2.3", WRAPPED),
    ("gsply", "0.4.6", CLAMPED),
):
    bits, values = stored(Path(sys.argv[1], f"{name}.spz"))
    print(f"x in the file of {name} {version}, {bits} fractional bits: {values}")
    same &= (bits, values) == (12, expected)
print("as described: modulo 4096, or clamped" if same else "changed: other than described")
sys.exit(not same)
PY
"$python" "$work/compare.py" "$work"
