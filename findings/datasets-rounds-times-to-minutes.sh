#!/usr/bin/env bash
# datasets 5.2.0: with_format("numpy") or ("torch") gives float64 columns as float32; times of frames become one time.
#
# Expected: a column that the schema calls float64 comes out as float64 arrays. The library stores it so, and the plain
# format (Python numbers), "arrow" and "pandas" give all digits.
# What happens: the formats "numpy" and "torch" convert to float32 without a word; integers of 64 bits stay as they are.
# Seconds since 1970 then have a step of 128 seconds: a short video has one time stamp. Coordinates of a map grid
# (northings of millions of meters) have a step of half a meter.
# Why it matters: captures for Gaussian splatting carry times (rolling shutter, pairing of cameras and poses, dynamic
# scenes) and positions from GPS or surveys. Frames are paired with the first pose of all, cameras jump between two
# points; the data set itself, its schema and a look at one row in the plain format are right.
# Remedy: give the type, with_format("numpy", dtype=np.float64) or with_format("torch", dtype=torch.float64), though it
# then holds for all columns; or subtract an offset before the columns are stored.
#
# The format "torch" is not run here, to keep the installation small; it does the same.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check datasets==5.2.0 numpy==2.4.6 pandas==3.1.1

cat > "$work/read.py" << 'PY'
import datasets
import numpy as np

frames = np.arange(300)
times = 1.764e9 + frames / 30
northings = 5_500_000.0 + 0.01 * frames
rows = datasets.Dataset.from_dict(
    {"time": times.tolist(), "northing": northings.tolist(), "index": frames.tolist()}
)
print("datasets", datasets.__version__, rows.features["time"])
found = {}
for name, options in (
    (None, {}),
    ("arrow", {}),
    ("pandas", {}),
    ("numpy", {}),
    ("numpy", {"dtype": np.float64}),
):
    read = rows.with_format(name, **options)[:]
    time, northing = np.asarray(read["time"]), np.asarray(read["northing"])
    error = float(np.abs(northing.astype(np.float64) - northings).max())
    key = f"{name or 'plain'}{' with dtype' if options else ''}"
    found[key] = len(np.unique(time)), error
    print(f"{key}: {time.dtype}, times of 300 frames: {found[key][0]}, northings off by {error:.3f} m")
exact = {key: value for key, value in found.items() if key != "numpy"}
assert rows.features["time"].dtype == "float64"
assert set(exact.values()) == {(300, 0.0)}
assert found["numpy"][0] == 1
assert 0.2 < found["numpy"][1] < 0.3
assert rows.with_format("numpy")[:]["index"].dtype == np.int64
print("as described")
PY
"$work/venv/bin/python" "$work/read.py"
