#!/usr/bin/env bash
# usd-core 26.11 computes no bounding box for a ParticleField3DGaussianSplat: without `extent` its bounds are empty.
#
# Expected: UsdGeom.BBoxCache gives the bounds of every boundable prim; where no `extent` is authored, it is computed from
# the data, as it is for Points, Mesh and the other shapes.
# What happens: the schema is boundable and has an `extent`, but no function computes one. A prim with positions, scales
# and orientations and without an authored extent has an empty range, and an empty prim does not count in the bounds of
# its parents. There is no error.
# Why it matters: viewers frame the camera, choose clipping planes and cull by these bounds. The schema does not require
# `extent`, so a valid file of Gaussians may open as an empty view, and "frame all" frames everything but the Gaussians.
# Remedy: writers author `extent`: means minus and plus some standard deviations along the axes of the stage.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check usd-core==26.11

cat > "$work/bounds.py" << 'PY'
from pxr import Gf, Usd, UsdGeom, UsdVol

print("USD", Usd.GetVersion())
stage = Usd.Stage.CreateInMemory()
world = UsdGeom.Xform.Define(stage, "/world")
splats = UsdVol.ParticleField3DGaussianSplat.Define(stage, "/world/splats")
splats.GetPositionsAttr().Set([(1, 2, 3), (4, 6, 8)])
splats.GetScalesAttr().Set([(0.1, 0.1, 0.1), (0.2, 0.2, 0.2)])
splats.GetOrientationsAttr().Set([Gf.Quatf(1)] * 2)
points = UsdGeom.Points.Define(stage, "/points")
points.GetPointsAttr().Set([(1, 2, 3), (4, 6, 8)])
points.GetWidthsAttr().Set([0.2, 0.4])


def bounds(schema):
    cache = UsdGeom.BBoxCache(Usd.TimeCode.Default(), [UsdGeom.Tokens.default_])
    found = cache.ComputeWorldBound(schema.GetPrim()).ComputeAlignedRange()
    return "empty" if found.IsEmpty() else [[round(v, 3) for v in end] for end in (found.GetMin(), found.GetMax())]


print("is boundable:", splats.GetPrim().IsA(UsdGeom.Boundable))
found = {"points": bounds(points), "splats": bounds(splats), "parent of splats": bounds(world)}
UsdGeom.Boundable(splats).GetExtentAttr().Set([(0.7, 1.7, 2.7), (4.6, 6.6, 8.6)])
found["splats with extent"] = bounds(splats)
print(found)
assert splats.GetPrim().IsA(UsdGeom.Boundable)
assert found["points"] == [[0.9, 1.9, 2.9], [4.2, 6.2, 8.2]]
assert found["splats"] == found["parent of splats"] == "empty"
assert found["splats with extent"] == [[0.7, 1.7, 2.7], [4.6, 6.6, 8.6]]
print("as described")
PY
"$work/venv/bin/python" "$work/bounds.py"
