#!/usr/bin/env bash
# gaussforge 0.6.0 converts scenes without spherical harmonics, but its `read` returns an error for them in every format.
#
# Expected: `GaussForge().read` returns the arrays of any file that `GaussForge().convert` accepts. Plain colors, that is
# spherical harmonics of degree 0, are common: small PLY files of web viewers, and every .splat, which holds nothing else.
# What happens: `read` returns {"error": "std::bad_cast"} for degree 0, from PLY, SPZ, SOG, .ksplat and .splat alike; of
# .splat it reads no file at all. The conversion of the same bytes works, also to PLY. It is no exception: a program that
# takes result["data"] fails with a KeyError that names neither the file nor the cause.
# Why it matters: comparisons of readers, and pipelines that read with this library, work on the usual test scenes with
# harmonics of degree 3 and fail on the first scene with plain colors.
# Remedy: check the result for "error"; for degree 0 convert to PLY and read that with another library.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check gaussforge==0.6.0 numpy==2.3.1

cat > "$work/read.py" << 'PY'
import sys
from importlib.metadata import version

import gaussforge
import numpy as np

COUNT = 100
KINDS = ("ply", "spz", "sog", "ksplat", "splat")


def make_ply(coefficients):
    names = ["x", "y", "z", "nx", "ny", "nz", "f_dc_0", "f_dc_1", "f_dc_2"]
    names += [f"f_rest_{i}" for i in range(coefficients)] + ["opacity"]
    names += ["scale_0", "scale_1", "scale_2", "rot_0", "rot_1", "rot_2", "rot_3"]
    values = np.random.default_rng(0).normal(size=(COUNT, len(names))).astype("<f4")
    lines = ["ply", "format binary_little_endian 1.0", f"element vertex {COUNT}"]
    lines += [f"property float {name}" for name in names] + ["end_header"]
    return ("\n".join(lines) + "\n").encode() + values.tobytes()


forge = gaussforge.GaussForge()
print("gaussforge", version("gaussforge"))
found = {}
for kind in KINDS:
    for degree, coefficients in ((0, 0), (1, 9)):
        converted = forge.convert(make_ply(coefficients), "ply", kind)
        if "error" in converted:
            sys.exit(f"conversion to {kind} of degree {degree} failed: {converted['error']}")
        result = forge.read(converted["data"], kind)
        found[kind, degree] = result.get("error", "read")
        print(f"{kind}: degree {degree}: converted; read: {found[kind, degree]}")
wanted = {(kind, 0): "std::bad_cast" for kind in KINDS}
wanted |= {(kind, 1): "read" for kind in KINDS} | {("splat", 1): "std::bad_cast"}
if found != wanted:
    sys.exit("the behavior has changed")
PY
"$work/venv/bin/python" "$work/read.py" 2> /dev/null
