#!/usr/bin/env bash
# torch 2.13.0 (2.12.0 behaves the same): a gloo process group can outlive destroy_process_group() for ever.
#
# Expected: destroy_process_group() ends the group and its threads, once nothing of the program refers to it.
# What happens: torch.distributed.nn.functional has default arguments `group=group.WORLD`. Python evaluates
# them at import, and if the default group exists by then, the functions hold it as long as the process lives.
# Nobody has to import that module by name: DistributedDataParallel imports it in its constructor, which always
# comes after init_process_group(). Imported before, the defaults are empty and the threads end.
# Why it matters: pretraining on several CPU processes, and their tests, use gloo. Its threads then run into the
# interpreter's exit, where a native thread can abort a run that had finished, so that a launcher reports a failure.
# Remedy: `import torch.distributed.nn.functional` at the top of the program.
#
# Linux only (names of threads are read in /proc). Installs torch: several GB where pip takes the CUDA build.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.4.6

cat > "$work/group.py" << 'PY'
import gc
import importlib
import sys
import time
from pathlib import Path

import torch
import torch.distributed as dist

MODULE = "torch.distributed.nn.functional"


def gloo_threads():
    names = [path.read_text().strip() for path in Path("/proc/self/task").glob("*/comm")]
    return names.count("pt_gloo_runloop")


if sys.argv[1] == "before":
    importlib.import_module(MODULE)
dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
assert (MODULE in sys.modules) == (sys.argv[1] == "before")
model = torch.nn.parallel.DistributedDataParallel(torch.nn.Linear(2, 2))
assert MODULE in sys.modules
model(torch.ones(1, 2)).sum().backward()
running = gloo_threads()
del model
dist.destroy_process_group()
gc.collect()
deadline = time.monotonic() + 10
while gloo_threads() and time.monotonic() < deadline:
    time.sleep(0.1)
print(f"torch {torch.__version__}, module imported {sys.argv[1]} the group was made: "
      f"{running} threads of gloo, {gloo_threads()} left after destroy_process_group()")
sys.exit(0 if running and bool(gloo_threads()) == (sys.argv[1] == "after") else 1)
PY

for order in before after; do
  "$work/venv/bin/python" -W ignore "$work/group.py" "$order" || { echo "changed: other than described"; exit 1; }
done
echo "as described: the group outlives destroy_process_group() if DistributedDataParallel imported the module"
