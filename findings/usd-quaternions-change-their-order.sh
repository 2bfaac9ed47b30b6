#!/usr/bin/env bash
# usd-core 26.11: quaternions are "real, i, j, k" in text and in constructors, and "i, j, k, real" as NumPy arrays.
#
# Expected: the orientations of a ParticleField3DGaussianSplat have one order of numbers: a file holds (w, x, y, z),
# Gf.Quatf takes (w, x, y, z), and so numpy.array(attribute.Get()) is w, x, y, z, as 3D Gaussian Splatting's rot_0 to
# rot_3 are.
# What happens: the array has x, y, z, w. The other way, Vt.QuatfArray.FromNumpy reads x, y, z, w. Text is written with w
# first. Rows are unit quaternions in either order, so no check of lengths finds it.
# Why it matters: whoever reads Gaussians from USD into torch by NumPy, which is the fast way, turns every Gaussian by
# another rotation: a small rotation becomes nearly half a turn. Round things look right, thin ones do not. A program
# that is wrong in both directions reads back what it wrote, so a round trip does not find it either.
# Remedy: roll the columns by one, or read GetReal() and GetImaginary() of one Gaussian to be sure.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check usd-core==26.11 numpy==2.4.6

cat > "$work/order.py" << 'PY'
import numpy as np
from pxr import Gf, Sdf, Usd, UsdGeom, Vt

print("USD", Usd.GetVersion())
stage = Usd.Stage.CreateInMemory()
prim = stage.DefinePrim("/splats", "ParticleField3DGaussianSplat")
attribute = prim.CreateAttribute("orientations", Sdf.ValueTypeNames.QuatfArray)
attribute.Set(Vt.QuatfArray([Gf.Quatf(0.1, 0.2, 0.3, 0.4)]))
text = next(line for line in stage.GetRootLayer().ExportToString().splitlines() if "orientations" in line)
found = np.array(attribute.Get())[0]
back = Vt.QuatfArray.FromNumpy(np.array([[0.1, 0.2, 0.3, 0.4]], dtype=np.float32))[0]
print("Gf.Quatf(0.1, 0.2, 0.3, 0.4), real", attribute.Get()[0].GetReal())
print("text:", text.strip())
print("as an array:", found.tolist())
print("from the array 0.1, 0.2, 0.3, 0.4: real", back.GetReal())
assert np.isclose(attribute.Get()[0].GetReal(), 0.1)
assert "(0.1, 0.2, 0.3, 0.4)" in text
assert np.allclose(found, [0.2, 0.3, 0.4, 0.1])
assert np.isclose(back.GetReal(), 0.4)
print("as described")
PY
"$work/venv/bin/python" "$work/order.py"
