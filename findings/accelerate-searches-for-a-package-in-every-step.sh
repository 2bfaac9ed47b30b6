#!/usr/bin/env bash
# accelerate 1.15.0: every step of a prepared optimizer searches sys.path twice for a package that is not installed.
#
# Expected: what Accelerate adds to optimizer.step() in float32 on one device is a few comparisons.
# What happens: AcceleratedOptimizer.step() asks twice whether the optional package lomo_optim is installed, the answer
# is not kept, and Python does not remember failed searches either: each goes through every folder of sys.path.
# Nearly all of us have not installed it. The time grows with the length of sys.path, so with editable installs, and
# with the number of optimizers.
# Why it matters: fitting Gaussians uses one optimizer per attribute (six here), and a small scene makes hundreds of steps
# a second. In such a fit on two CPU cores these searches took a fifth of the time.
# Remedy: where no gradient scaler (fp16) is used, step the torch optimizers themselves.
#
# The number of searches is checked; the times are printed only. Installs torch: several GB where pip takes the CUDA build.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check accelerate==1.15.0 torch==2.13.0 numpy==2.4.6

cat > "$work/steps.py" << 'PY'
import statistics
import sys
import time

import accelerate
import torch
from accelerate import Accelerator

STEPS, OPTIMIZERS = 50, 6


class Counter:
    """Sees every search that Python starts for a module, and finds nothing itself."""

    searches = 0

    def find_spec(self, name, path=None, target=None):
        self.searches += name == "lomo_optim"
        return None


def milliseconds(optimizers):
    times = []
    for _ in range(STEPS):
        started = time.perf_counter()
        for optimizer in optimizers:
            optimizer.step()
        times.append(1000 * (time.perf_counter() - started))
    return statistics.median(times)


torch.set_num_threads(1)
accelerator = Accelerator(cpu=True)
weights = [torch.nn.Parameter(torch.ones(1000)) for _ in range(OPTIMIZERS)]
for weight in weights:
    weight.grad = torch.ones_like(weight)
plain = [torch.optim.Adam([weight], fused=True) for weight in weights]
prepared = [accelerator.prepare_optimizer(optimizer) for optimizer in plain]
milliseconds(plain)
before = milliseconds(plain)
counter = Counter()
sys.meta_path.insert(0, counter)
after = milliseconds(prepared)
per_step = counter.searches / STEPS / OPTIMIZERS
print(f"accelerate {accelerate.__version__}, torch {torch.__version__}: {per_step:g} searches in every step of an "
      f"optimizer; {OPTIMIZERS} optimizers {before:.2f} ms a step, prepared {after:.2f} ms")
sys.exit(0 if per_step == 2 else 1)
PY

"$work/venv/bin/python" -W ignore "$work/steps.py" || { echo "changed: other than described"; exit 1; }
echo "as described: every step of a prepared optimizer searches sys.path for lomo_optim"
