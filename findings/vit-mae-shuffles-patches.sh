#!/usr/bin/env bash
# transformers 5.23.0: ViTMAEModel shuffles the patches of every image, also in eval mode and with mask_ratio=0.
#
# Expected: the masks of a masked autoencoder belong to training. After eval() the encoder sees the whole image, and its
# output has one vector per patch, row by row, as ViTModel's has; at least with mask_ratio=0.
# What happens:
# 1. eval() changes nothing: each call hides another random 75 percent of the patches, so two calls with the same image
#    give different features.
# 2. With mask_ratio=0 all patches are seen, but in a random order, another one for each image and each call. The class
#    token and means over patches are right, so that linear probes look fine. Only ids_restore leads back.
# Why it matters: dense uses (segmentation, correspondences, PCA images, lifting features onto Gaussians) take the
# vectors as a grid and get noise: the encoder seems to know nothing of places. Distillation from it learns a mean.
# Remedy: mask_ratio=0, and gather by ids_restore or give `noise` in ascending order.
#
# A small random model shows it. Installs torch: several GB where pip takes the CUDA build.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
  transformers==5.23.0 torch==2.13.0 numpy==2.4.6

cat > "$work/encode.py" << 'PY'
import torch
import transformers

SETTINGS = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "image_size": 64,
    "patch_size": 16,
}
transformers.logging.set_verbosity_error()
torch.manual_seed(0)
image = torch.rand(1, 3, 64, 64)
masked = transformers.ViTMAEModel(transformers.ViTMAEConfig(**SETTINGS)).eval()
whole = transformers.ViTMAEModel(transformers.ViTMAEConfig(**SETTINGS, mask_ratio=0.0)).eval()
whole.load_state_dict(masked.state_dict())


def tokens(model, **options):
    with torch.no_grad():
        return model(image, **options).last_hidden_state


def in_order():
    with torch.no_grad():
        output = whole(image)
    width = output.last_hidden_state.shape[-1]
    rows = output.ids_restore[..., None].expand(-1, -1, width)
    return torch.gather(output.last_hidden_state[:, 1:], 1, rows)


def difference(first, second):
    return float((first - second).abs().max())


once, twice = tokens(whole), tokens(whole)
noise = torch.arange(16.0)[None]
found = {
    "as it is": difference(tokens(masked), tokens(masked)),
    "mask_ratio=0, class token": difference(once[:, 0], twice[:, 0]),
    "mask_ratio=0, mean of patches": difference(once[:, 1:].mean(1), twice[:, 1:].mean(1)),
    "mask_ratio=0, patches": difference(once[:, 1:], twice[:, 1:]),
    "mask_ratio=0, patches by ids_restore": difference(in_order(), in_order()),
    "mask_ratio=0, ascending noise": difference(tokens(whole, noise=noise)[:, 1:], in_order()),
}
print("transformers", transformers.__version__, "tokens of 16 patches:", tokens(masked).shape[1] - 1)
for name, value in found.items():
    print(f"  largest difference of two calls, {name}: {value:.1e}")
assert tokens(masked).shape[1] == 1 + 4
assert tokens(whole).shape[1] == 1 + 16
assert [value > 0.1 for value in found.values()] == [True, False, False, True, False, False]
assert all(value < 1e-4 or value > 0.1 for value in found.values())
print("as described")
PY
"$work/venv/bin/python" "$work/encode.py"
