#!/usr/bin/env bash
# Accelerate 1.15.0 takes an FSDP plugin on CPUs and shards nothing, without a word.
#
# Expected: Accelerator(fsdp_plugin=FullyShardedDataParallelPlugin(fsdp_version=2)) divides weights, gradients and
# optimizer states among the processes, or refuses. torch's fully_shard, on which it is built, works with gloo on CPUs.
# What happens: among processes on CPUs the plugin is dropped. prepare() returns torch's DistributedDataParallel, every
# process holds all weights (here 4,160 numbers, where fully_shard leaves 2,080), and no warning or error appears.
# Why it matters: large trainings are rehearsed with CPU processes, in CI and on laptops. The rehearsal passes, but has
# tried neither sharding nor gathering, nor saving and resuming of shards, and the memory that it measures is that of
# another method; the first run that shards is the expensive one.
# Remedy: assert accelerator.distributed_type before training, or call fully_shard where processes run on CPUs.
#
# Installs torch: several GB where pip takes the CUDA build.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check accelerate==1.15.0 torch==2.13.0 numpy==2.3.1

cat > "$work/shard.py" << 'PY'
import sys
import warnings

import accelerate
import torch
from accelerate import Accelerator
from accelerate.utils import FullyShardedDataParallelPlugin
from torch.distributed.fsdp import fully_shard


def make_model():
    return torch.nn.Linear(64, 64)


def held(model):
    parts = (p.to_local() if hasattr(p, "to_local") else p for p in model.parameters())
    return sum(part.numel() for part in parts)


with warnings.catch_warnings(record=True) as warned:
    warnings.simplefilter("always")
    plugin = FullyShardedDataParallelPlugin(fsdp_version=2)
    accelerator = Accelerator(cpu=True, fsdp_plugin=plugin)
    model = make_model()
    model, optimizer = accelerator.prepare(model, torch.optim.AdamW(model.parameters()))
words = [str(each.message) for each in warned if "fsdp" in str(each.message).lower()]
by_torch = held(fully_shard(make_model()))
found = str(accelerator.distributed_type), type(model).__name__, held(model), by_torch, words
accelerator.print(f"accelerate {accelerate.__version__}, torch {torch.__version__}, {accelerator.num_processes} "
                  f"processes: {found[0]}, {found[1]}, {found[2]} numbers each; fully_shard {by_torch}; {words}")
wanted = "DistributedType.MULTI_CPU", "DistributedDataParallel", 4160, 2080, []
same = found == wanted and accelerator.num_processes == 2
accelerator.end_training()
sys.exit(0 if same else 1)
PY
export OMP_NUM_THREADS=1
"$work/venv/bin/python" -m torch.distributed.run --standalone --nproc_per_node 2 "$work/shard.py" ||
    { echo "changed: other than described"; exit 1; }
echo "as described"
