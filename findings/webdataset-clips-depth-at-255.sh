#!/usr/bin/env bash
# webdataset 1.0.2: every way of decoding images clips depth of 16 bits at 255, so that nearly all of it is white.
#
# Expected: decode("pil") gives the image as Pillow opens it, with all 16 bits, and "l" or "rgb" give floats of which
# 65535 is 1.0, or at worst the upper 8 bits.
# What happens: all modes, "pil" too, convert the image to 8 bits first, and Pillow 13.0.0 does that by clipping: what
# is above 255 becomes 255. Of a depth in millimeters everything beyond 25 cm is 1.0 or 255; no warning comes.
# Why it matters: RGB-D frames, ScanNet's among them, are stored as a JPEG and a PNG of millimeters, and shards of them
# are read with one decode() for both. The colors are right, the depth has the right shape and lies between 0 and 1, and
# is one constant plane. A loss on it falls quickly.
# Remedy: an own decoder for the suffix, in front of the mode, as below; or store depth as .npy.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check webdataset==1.0.2 pillow==13.0.0 numpy==2.4.6

cat > "$work/depth.py" << 'PY'
import importlib.metadata
import io
import sys

import numpy as np
import PIL
import webdataset
from PIL import Image

shard = sys.argv[1]
millimeters = np.linspace(100, 9000, 48 * 64).round().astype(np.uint16).reshape(48, 64)
content = io.BytesIO()
Image.fromarray(millimeters).save(content, "PNG")
with webdataset.TarWriter(shard) as writer:
    writer.write({"__key__": "0001", "depth.png": content.getvalue()})


def decoded(*decoders):
    samples = webdataset.WebDataset(shard, shardshuffle=False).decode(*decoders)
    return np.asarray(next(iter(samples))["depth.png"])


def exact(content):
    return np.asarray(Image.open(io.BytesIO(content)))


opened = exact(content.getvalue())
print("webdataset", importlib.metadata.version("webdataset"), "Pillow", PIL.__version__)
print(f"stored, and opened by Pillow: {opened.dtype}, {opened.min()} to {opened.max()}")
assert np.array_equal(opened, millimeters)
for mode in ("pil", "l8", "rgb8", "l", "rgb"):
    found = decoded(mode)
    top = 1.0 if found.dtype == np.float32 else 255
    share = float((found == top).mean())
    print(f"decode({mode!r}): {found.dtype}, {found.min():.3g} to {found.max():.3g}, {share:.0%} of it {top}")
    depth = found[..., 0] if found.ndim == 3 else found
    assert np.allclose(depth * (255 / top), np.minimum(millimeters, 255), atol=1e-3)
    assert share > 0.98
assert np.array_equal(decoded(webdataset.handle_extension("depth.png", exact), "rgb"), millimeters)
print("as described")
PY
"$work/venv/bin/python" "$work/depth.py" "$work/shard.tar"
