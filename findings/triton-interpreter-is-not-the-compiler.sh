#!/usr/bin/env bash
# Triton 3.7.0 and 3.9.0: the interpreter refuses a kernel that compiles, and runs one that does not.
#
# Expected: TRITON_INTERPRET=1 runs the kernels that the compiler accepts, and no others, so that a test suite without a
# GPU can stand for the compiler at least in what is valid.
# What happens:
# 1. A constant of the module (tl.constexpr) times the product of such a constant and a block compiles, but the
#    interpreter raises an error that it cannot convert a tensor to a tensor. With the block on the left it runs.
# 2. A loop that turns a number into a block compiles not, because the type of the variable changes, but the interpreter
#    runs it and gives the values that the author meant.
# Why it matters: renderers of Gaussians written in Triton are tested on machines without a GPU by the interpreter. The
# second kind passes such tests and fails at the first user.
# Remedy: also compile every kernel ahead for a device that is not there (triton.compile with a GPUTarget), in the tests.
#
# Linux on x86-64. Installs torch (several GB where pip takes the CUDA build), whose tensors the interpreter reads.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.4.6
export TRITON_CACHE_DIR="$work/cache"

cat > "$work/kernels.py" << 'PY'
import os
import sys

import torch
import triton
from triton import language as tl
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource

SCALE = tl.constexpr(2.0)


@triton.jit
def constant_on_the_left(out, x, count, N: tl.constexpr):
    lane = tl.arange(0, N)
    tl.store(out + lane, SCALE * (SCALE * tl.load(x + lane)))


@triton.jit
def constant_on_the_right(out, x, count, N: tl.constexpr):
    lane = tl.arange(0, N)
    tl.store(out + lane, tl.load(x + lane) * SCALE * SCALE)


@triton.jit
def number_that_becomes_a_block(out, x, count, N: tl.constexpr):
    lane = tl.arange(0, N)
    total = 0.0
    for _ in range(count):
        total = total + tl.load(x + lane)
    tl.store(out + lane, total)


def interpreted(kernel):
    x, out = torch.ones(4), torch.zeros(4)
    try:
        kernel[(1,)](out, x, 4, N=4)
    except Exception:
        return False
    assert out.tolist() == [4.0] * 4
    return True


def compiled(kernel):
    signature = {"out": "*fp32", "x": "*fp32", "count": "i32", "N": "constexpr"}
    try:
        triton.compile(ASTSource(kernel, signature, {"N": 4}), target=GPUTarget("cuda", 80, 32))
    except triton.CompilationError:
        return False
    return True


try_it = interpreted if os.environ.get("TRITON_INTERPRET") == "1" else compiled
kernels = constant_on_the_left, constant_on_the_right, number_that_becomes_a_block
found = [try_it(kernel) for kernel in kernels]
for kernel, accepted in zip(kernels, found):
    print(f"triton {triton.__version__}, {try_it.__name__}: {kernel.__name__} {'works' if accepted else 'fails'}")
sys.exit(0 if found == [word == "works" for word in sys.argv[1:]] else 1)
PY

for version in 3.7.0 3.9.0; do
  "$work/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps "triton==$version"
  { TRITON_INTERPRET=0 "$work/venv/bin/python" -W ignore "$work/kernels.py" works works fails &&
    TRITON_INTERPRET=1 "$work/venv/bin/python" -W ignore "$work/kernels.py" fails works works; } ||
    { echo "changed: other than described"; exit 1; }
done
echo "as described: the interpreter and the compiler accept different kernels"
