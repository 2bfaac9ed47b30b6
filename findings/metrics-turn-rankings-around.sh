#!/usr/bin/env bash
# piq 0.8.0 and torchmetrics 1.9.0 rank two methods the other way round than mean PSNR and SSIM of the images do.
#
# Expected: PSNR and SSIM have standard definitions, so libraries differ in the third digit, by the border. The order of
# two methods is the same with each, and the value of a test set is the mean over its images, as papers report it.
# What happens:
# 1. piq.ssim first averages blocks of pixels, of 2 x 2 from 384 pixels of the shorter side on, of 4 x 4 at 1080 rows
#    (downsample=True). A method with noise of single pixels and one that blurs change places: here 0.64 and 0.72 by
#    pytorch-msssim, torchmetrics and scikit-image, but 0.91 and 0.86 by piq. Small test images do not show it.
# 2. compute() of torchmetrics' PSNR is the PSNR of the mean error of all images, not the mean of their PSNRs, though
#    for SSIM the same loop gives the mean of the images. kornia.metrics.psnr and scikit-image do the same with a batch.
#    One hard view decides: seven views of 36 dB and one of 15 dB are 23.8 dB, not 33.4, and lose against eight views of
#    29 dB.
# Why it matters: novel views are ranked by tenths of a decibel and thousandths of SSIM. A table that takes one number
# from a paper and the other from one of these libraries compares different quantities, in either direction.
# Remedy: piq.ssim(..., downsample=False); PeakSignalNoiseRatio(data_range=1.0, dim=(1, 2, 3)), or one call per image
# and a mean.
#
# Installs torch: several GB where pip takes the CUDA build.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
  piq==0.8.0 torchmetrics==1.9.0 pytorch-msssim==1.0.0 kornia==0.9.0 scikit-image==0.26.0 torch==2.12.0 \
  torchvision==0.27.0 numpy==2.4.6

cat > "$work/rank.py" << 'PY'
import kornia
import numpy as np
import piq
import pytorch_msssim
import skimage.metrics
import torch
from scipy.ndimage import gaussian_filter
from torchmetrics.functional.image import structural_similarity_index_measure
from torchmetrics.image import PeakSignalNoiseRatio, StructuralSimilarityIndexMeasure

rng = np.random.default_rng(0)


def texture(height, width):
    layers = [s**0.8 * gaussian_filter(rng.standard_normal((height, width)), s) for s in (1, 2, 4, 8, 16, 32)]
    image = sum(layers)
    image = (image - image.min()) / (image.max() - image.min())
    return np.clip((image - 0.5) * 1.6 + 0.5, 0, 1)


def tensor(image):
    return torch.from_numpy(np.clip(image, 0, 1)[None, None]).float()


def skimage_ssim(image, reference):
    gaussian = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    arrays = image[0, 0].numpy(), reference[0, 0].numpy()
    return skimage.metrics.structural_similarity(*arrays, data_range=1.0, **gaussian)


SSIM = {
    "pytorch-msssim": lambda x, y: pytorch_msssim.ssim(x, y, data_range=1.0),
    "torchmetrics": lambda x, y: structural_similarity_index_measure(x, y, data_range=1.0),
    "scikit-image": skimage_ssim,
    "piq, downsample=False": lambda x, y: piq.ssim(x, y, data_range=1.0, downsample=False),
    "piq": lambda x, y: piq.ssim(x, y, data_range=1.0),
}


def similarities(height, width):
    image = texture(height, width)
    reference = tensor(image)
    noisy, blurred = tensor(image + rng.normal(0, 0.09, image.shape)), tensor(gaussian_filter(image, 1.5))
    print(f"SSIM of {width} x {height} pixels with noise, blurred:")
    values = {}
    for name, measure in SSIM.items():
        values[name] = float(measure(noisy, reference)), float(measure(blurred, reference))
        print(f"  {name}: {values[name][0]:.3f}, {values[name][1]:.3f}")
    return values


def pooled(decibels):
    reference = torch.from_numpy(rng.uniform(0.2, 0.8, (8, 3, 64, 64))).float()
    noise = torch.from_numpy(rng.standard_normal((8, 3, 64, 64))).float()
    images = reference + noise * 10 ** (-torch.tensor(decibels)[:, None, None, None] / 20)
    pooling, meaning = PeakSignalNoiseRatio(data_range=1.0), PeakSignalNoiseRatio(data_range=1.0, dim=(1, 2, 3))
    similarity = StructuralSimilarityIndexMeasure(data_range=1.0)
    singles, single_similarities = [], []
    for image, target in zip(images.split(1), reference.split(1)):
        singles.append(float(pooling(image, target)))
        single_similarities.append(float(similarity(image, target)))
        meaning.update(image, target)
    assert np.isclose(float(similarity.compute()), np.mean(single_similarities), atol=1e-5)
    assert np.isclose(float(meaning.compute()), np.mean(singles), atol=1e-3)
    by_skimage = skimage.metrics.peak_signal_noise_ratio(reference.numpy(), images.numpy(), data_range=1.0)
    for value in (float(kornia.metrics.psnr(images, reference, 1.0)), by_skimage):
        assert np.isclose(value, float(pooling.compute()), atol=1e-3)
    return float(np.mean(singles)), float(pooling.compute())


small, large = similarities(256, 384), similarities(540, 960)
others = [values for name, values in large.items() if name != "piq"]
assert np.ptp(others, axis=0).max() < 0.002
assert all(noisy < blurred - 0.03 for noisy, blurred in others)
assert large["piq"][0] > large["piq"][1] + 0.03
assert np.ptp(list(small.values()), axis=0).max() < 0.002
one_hard, even = pooled([36.0] * 7 + [15.0]), pooled([29.0] * 8)
print("PSNR of 8 views, mean of the images and compute():")
print(f"  one hard view: {one_hard[0]:.1f}, {one_hard[1]:.1f}; all equal: {even[0]:.1f}, {even[1]:.1f}")
assert one_hard[0] > even[0] + 4
assert one_hard[1] < even[1] - 4
print("as described")
PY
"$work/venv/bin/python" "$work/rank.py" 2> "$work/log" || { cat "$work/log"; exit 1; }
