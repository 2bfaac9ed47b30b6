"""Render, and describe this process's kernels as JSON; a program that `test_widths.py` runs."""

import json
import logging
import re
import sys

import torch
from llvmlite import binding

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
SPILL = re.compile(r"\s(?:v?mov[aud]\w+\s+%[xyz]mm\d+, -?\d*\(%rsp\)|st[rup]\s+q\d+,.*\[sp)")
REGISTERS = {"zmm": "%zmm", "ymm": "%ymm", "xmm": "%xmm", "v.4s": ".4s"}
NEON = "aarch64-unknown-linux-gnu"
FEWEST = 8
"""Vector multiplications of a block of code that counts as an inner loop."""


def describe_code(text):
    """The widest registers, fusion, and how many vectors each inner loop puts on the stack."""
    blocks = re.split(r"^\.L\w+:", text, flags=re.MULTILINE)
    inner = [b for b in blocks if len(MULTIPLICATION.findall(b)) >= FEWEST and JUMP.search(b)]
    return {
        "widest": next((name for name, letters in REGISTERS.items() if letters in text), None),
        "fused": bool(re.search(r"\sv?f?n?madd\d+ps\s|\sfml[as]\s", text)),
        "spills": [len(SPILL.findall(block)) for block in inner],
    }


def emit_neon(text):
    """Compile the code of a kernel for ARM, with divisions in the place of x86's estimates."""
    machine = binding.Target.from_triple(NEON).create_target_machine(opt=3)
    text = re.sub(r"(?m)^target datalayout.*", f'target datalayout = "{machine.target_data}"', text)
    text = re.sub(r"(?m)^target triple.*", f'target triple = "{NEON}"', text)
    text = re.sub(
        r"call <4 x float> @llvm\.x86\.sse\.rcp\.ps\(<4 x float> (\S+)\)(?: #\d+)?",
        rf"fdiv <4 x float> <{', '.join(4 * ['float 1.0'])}>, \1",
        text,
    )
    text = text.replace("tail fdiv", "fdiv").replace("immarg ", "")
    text = text.replace("llvm.x86.atomic.sub.cc.i64", "count_down")  # of reference counts
    return machine.emit_assembly(binding.parse_assembly(text))


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
        if WIDTH == 4:
            binding.initialize_all_targets()
            binding.initialize_all_asmprinters()
            texts = [text for kernel in kernels[2:4] for text in kernel.inspect_llvm().values()]
            found["neon"] = [describe_code(emit_neon(text)) for text in texts]
    print(json.dumps(found))


if __name__ == "__main__":
    main()
