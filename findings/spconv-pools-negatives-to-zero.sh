#!/usr/bin/env bash
# spconv 2.3.8 without CUDA: the maximum over voxels whose features are all negative is 0.
#
# Expected: SparseMaxPool3d takes the maximum of the voxels that exist in a window. Empty voxels do not count, otherwise
# a sparse library would need no rules of its own: -2 and -1.5 give -1.5, as max_pool3d gives for a full grid.
# What happens: on CPUs the result is as if each window held a 0 as well, so what is negative becomes 0. Windows with a
# positive voxel are right, and after a ReLU all are.
# Why it matters: backbones for rooms and Gaussians pool after a convolution or a normalization, where half of the
# features are negative: where two voxels share a window, a quarter of the values becomes 0, at every level again.
# Shapes, indices and types are right; a model runs on a laptop, and in tests, with other features than its weights were
# trained for. Pooling of normals, offsets or distances is wrong in the same way.
# Remedy: subtract the smallest value of each channel before and add it after, or reduce with torch's scatter_reduce
# (amax, include_self=False).
#
# The build of PyPI without CUDA is tried, for Linux. Installs torch: several GB where pip takes the CUDA build.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check spconv==2.3.8 torch==2.12.0 numpy==2.4.6

cat > "$work/pool.py" << 'PY'
import spconv
import spconv.pytorch
import torch

torch.manual_seed(0)
size = 8
indices = torch.cartesian_prod(torch.arange(1), *[torch.arange(size)] * 3).int()
features = torch.randn(len(indices), 4) - 2.0  # every voxel exists, nearly all features are negative
scene = spconv.pytorch.SparseConvTensor(features, indices, [size] * 3, 1)
grid = features.reshape(size, size, size, 4).permute(3, 0, 1, 2)[None]
exact = torch.nn.functional.max_pool3d(grid, 2)


def pooled(tensor):
    """Pool windows of 2 x 2 x 2, as a full grid."""
    found = spconv.pytorch.SparseMaxPool3d(2, 2)(tensor)
    result = torch.full_like(exact, torch.nan)
    z, y, x = found.indices[:, 1:].long().T
    result[0][:, z, y, x] = found.features.T
    return result


lowest = features.min(0).values
shifted = pooled(scene.replace_feature(features - lowest)) + lowest[:, None, None, None]
found, negative = pooled(scene), exact < 0
print("spconv", spconv.__version__, "windows with a negative maximum:", f"{negative.float().mean():.2f}")
print("  of them 0:", f"{(found[negative] == 0).float().mean():.2f}")
print("  of the others right:", f"{(found[~negative] == exact[~negative]).float().mean():.2f}")
print("  all right with the smallest value subtracted:", torch.allclose(shifted, exact, atol=1e-5))
assert 0.4 < negative.float().mean() < 0.9
assert (found[negative] == 0).all()
assert (found[~negative] == exact[~negative]).all()
assert torch.allclose(shifted, exact, atol=1e-5)
print("as described")
PY
"$work/venv/bin/python" "$work/pool.py" 2> "$work/log" || { cat "$work/log"; exit 1; }
