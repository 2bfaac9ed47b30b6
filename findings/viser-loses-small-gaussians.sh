#!/usr/bin/env bash
# viser 1.1.1 sends covariances as half floats: Gaussians smaller than 0.0002 units vanish, larger than 256 are infinite.
#
# Expected: add_gaussian_splats takes float32 arrays and shows the scene that they describe, in whatever unit it is;
# as for meshes and point clouds, whose sizes do not matter.
# What happens: the covariance is stored in float16. It is the square of a scale, so that the smallest number of float16
# (6e-8) is a scale of 0.00024; what is smaller becomes 0, and what is above 256 overflows to infinity. In
# between, thin Gaussians lose their shape first, because the entries of their covariance nearly cancel: a disk of
# 0.01 by 0.01 by 0.0001 gets 4.6 times its variance along the short axis when it is turned by 30 degrees, and a
# negative variance, which is no Gaussian, at 20 degrees. No warning of viser reaches the caller.
# Why it matters: many viewers of Gaussian splatting stand on viser. Scenes that were normalized to a unit cube, and flat
# ones (2DGS), have Gaussians of this size; scans in millimeters are at the other end. They look eroded or empty in the
# viewer, and the training is suspected.
# Remedy: divide centers by a typical scale s, covariances by its square, and give scale=s.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check viser==1.1.1 numpy==2.4.6

cat > "$work/show.py" << 'PY'
import warnings

import numpy as np
import viser

server = viser.ViserServer(host="127.0.0.1", port=0, verbose=False)
warnings.simplefilter("ignore", RuntimeWarning)  # NumPy's, of the cast


def sent(scales, rotation=np.eye(3), **options):
    """The covariance that the browser gets, [3, 3], float64."""
    axes = rotation * np.asarray(scales)
    handle = server.scene.add_gaussian_splats(
        "/splats",
        centers=np.zeros((1, 3), np.float32),
        covariances=(axes @ axes.T)[None].astype(np.float32),
        rgbs=np.full((1, 3), 0.5, np.float32),
        opacities=np.ones((1, 1), np.float32),
        **options,
    )
    upper = handle.buffer.view(np.uint8)[0, 16:28].copy().view(np.float16).astype(np.float64)
    full = np.zeros((3, 3))
    full[np.triu_indices(3)] = upper
    return full + np.triu(full, 1).T, axes @ axes.T


print("viser", viser.__version__)
for scale in (1e-4, 2e-3, 1.0, 300.0):
    found, right = sent([scale] * 3)
    print(f"scale {scale:g}: variance {right[0, 0]:.3g}, sent {found[0, 0]:.3g}")
assert sent([1e-4] * 3)[0][0, 0] == 0
assert np.isinf(sent([300.0] * 3)[0][0, 0])
assert sent([1.0] * 3)[0][0, 0] == 1

for degrees, low, high in ((30, 4, 5), (20, -1, -0.5)):
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    turned = np.array([[cosine, 0, sine], [0, 1, 0], [-sine, 0, cosine]])
    found, right = sent([0.01, 0.01, 0.0001], turned)
    thin = np.linalg.eigvalsh(found)[0] / np.linalg.eigvalsh(right)[0]
    print(f"disk of 0.01, 0.01, 0.0001 turned by {degrees} degrees: variance along the short axis times {thin:.2f}")
    assert low < thin < high
server.stop()
print("as described")
PY
"$work/venv/bin/python" "$work/show.py"
