#!/usr/bin/env bash
# gsplat 1.5.3's exporter drops every Gaussian of a scene where a single opacity is not finite.
#
# Expected: export_splats leaves out the rows that hold NaN or infinity, as its code says and as it does for centers,
# scales, quaternions and harmonics; the other Gaussians are written.
# What happens: for opacities alone the test is taken over the whole column, not per row. One infinite logit, which is
# what torch.logit gives for an opacity of exactly 1 (or 0), makes all rows invalid. The PLY is then written with no
# Gaussian at all; .splat and compressed PLY fail with an error of an empty reduction that names no cause.
# Why it matters: feed-forward models and files of other programs give opacities of exactly 1, and people convert them to
# logits for this function. The call for PLY returns without a warning, and the training that made the scene may be over
# when somebody opens the empty file.
# Remedy: clamp opacities to [1e-6, 1 - 1e-6] before torch.logit.
#
# Installs torch: several GB where pip takes the CUDA build.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.11.0 numpy==2.3.1 gsplat==1.5.3

cat > "$work/export.py" << 'PY'
import sys
import warnings

warnings.filterwarnings("ignore")
import gsplat
import torch


def rows(kind="ply", **changes):
    torch.manual_seed(0)
    fields = {
        "means": torch.rand(100, 3),
        "scales": torch.rand(100, 3) - 4,
        "quats": torch.randn(100, 4),
        "opacities": torch.rand(100).logit(),
        "sh0": torch.randn(100, 1, 3),
        "shN": torch.zeros(100, 0, 3),
    }
    for name, value in changes.items():
        fields[name].flatten()[0] = value
    try:
        content = gsplat.export_splats(**fields, format=kind)
    except IndexError as error:
        return f"IndexError: {error}"
    header = content[: content.index(b"end_header")].decode().splitlines()
    return next(int(line.split()[-1]) for line in header if line.startswith("element vertex"))


infinite = torch.tensor(1.0).logit()
found = {
    "all finite": rows(),
    "one center infinite": rows(means=infinite),
    "one harmonic infinite": rows(sh0=infinite),
    "one opacity of 1": rows(opacities=infinite),
    "the same as .splat": rows("splat", opacities=infinite),
    "the same as compressed PLY": rows("ply_compressed", opacities=infinite),
}
print(f"gsplat {gsplat.__version__}, rows written of 100: {found}")
*counts, splat, compressed = found.values()
same = counts == [100, 99, 99, 0] and all(str(e).startswith("IndexError") for e in (splat, compressed))
sys.exit(0 if same else "changed: other than described")
PY
"$work/venv/bin/python" "$work/export.py"
echo "as described"
