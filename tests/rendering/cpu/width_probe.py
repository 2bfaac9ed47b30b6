"""Render, and describe this process's kernels as JSON; a program that `test_widths.py` runs."""

import json
import logging
import re
import sys

import torch

from gaussrep.kernels import ahead
from gaussrep.kernels.simd import WIDTH
from gaussrep.rendering import get_renderer
from gaussrep.testing.gradients import gradients
from gaussrep.testing.scenes import random_scene

VARIANTS = (
    {"size": (53, 37), "count": 40},
    {"features": 21, "model": "ortho", "antialiased": True},
    {"batch": (2,), "views": 2},
)
MULTIPLICATION = re.compile(r"\s(?:v?f?n?m(?:add|ul)\w*ps|fml[as]|fmul)\s")
JUMP = re.compile(r"\s(?:j\w+|b\.\w+|cb\w+)\s+\.?L")
SPILL = re.compile(r"\s(?:v?mov[aud]\w+\s+%[xyz]mm\d+, -?\d*\(%rsp\)|st[ru]\s+q\d+, \[sp)")
FEWEST = 8
"""Vector multiplications of a block of code that counts as an inner loop."""


def describe_code(text):
    """The widest registers, fusion, and how many vectors each inner loop puts on the stack."""
    blocks = re.split(r"^\.L\w+:", text, flags=re.MULTILINE)
    inner = [b for b in blocks if len(MULTIPLICATION.findall(b)) >= FEWEST and JUMP.search(b)]
    return {
        "widest": next((name for name in ("zmm", "ymm", "xmm") if f"%{name}" in text), None),
        "fused": bool(re.search(r"\sv?f?n?madd\d+ps\s|\sfml[as]\s", text)),
        "spills": [len(SPILL.findall(block)) for block in inner],
    }


def compare(variant):
    """Largest differences of the renderer's image and gradients from those of `reference`."""
    scene = random_scene(3, **variant).to("cpu", torch.float32)
    drawn = [
        get_renderer(name).render(scene.gaussians, scene.cameras, scene.background).color
        for name in ("cpu", "reference", "cpu")
    ]
    found = [
        gradients(get_renderer(name), scene, cameras=True) for name in ("cpu", "reference", "cpu")
    ]
    differences = [
        (one - two).norm().item() / max(two.norm().item(), 1e-3)
        for one, two in zip(found[0].values(), found[1].values(), strict=True)
    ]
    same = [torch.equal(found[0][name], found[2][name]) for name in found[0]]
    return {
        "color": (drawn[0] - drawn[1]).abs().max().item(),
        "gradients": max(differences),
        "repeats": torch.equal(drawn[0], drawn[2]) and all(same),
    }


def main():
    logging.basicConfig(level=logging.INFO, stream=sys.stderr)
    ahead.MAX_PROCESSES = 0  # the assembly of a kernel from the cache cannot be inspected
    compared = [compare(variant) for variant in VARIANTS]
    from gaussrep.rendering.cpu import bin, composite, composite_backward, project, project_backward

    kernels = [project.project, bin.bin_tiles, composite.composite]
    kernels += [composite_backward.composite_backward, project_backward.project_backward]
    hits = [sum(kernel.stats.cache_hits.values()) for kernel in kernels]
    found = {"width": WIDTH, "variants": compared, "hits": hits}
    if not any(hits):
        texts = [text for kernel in kernels[2:4] for text in kernel.inspect_asm().values()]
        found["code"] = [describe_code(text) for text in texts]
    print(json.dumps(found))


if __name__ == "__main__":
    main()
