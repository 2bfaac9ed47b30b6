#!/usr/bin/env bash
# FSDP2 of torch 2.11.0 leaves the weights freed in the backward pass, where forward returns a dataclass.
#
# Expected: torch.distributed.fsdp.fully_shard works with whatever a module's forward returns, as a forward pass does; or
# it names the types of output that it can handle. DistributedDataParallel looks into dataclasses.
# What happens: with reshard_after_forward=True, which Accelerate sets by default for the whole model, the weights are
# freed after the forward pass and gathered again by hooks on the tensors that forward returned. FSDP2 finds these with
# pytree's tree_flatten, for which a dataclass is one opaque leaf, so no hook is set. The forward pass and the loss are
# right, and loss.backward() then fails with "setStorage: ... are out of bounds for storage of size 0", a message that
# names neither the output nor FSDP. The same module that returns a dict trains.
# Why it matters: models that return losses or renderings as dataclasses are common in this field; such a training works
# in one process and with DDP, and fails at its first step on a cluster with an error that looks like damaged memory.
# torch 2.12 looks into dataclasses.
# Remedy: torch.export.register_dataclass(Output) before the first step, or return a dict, or require torch >= 2.12.
#
# Installs torch: several GB where pip takes the CUDA build.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.11.0 numpy==2.3.1

cat > "$work/shard.py" << 'PY'
import os
import sys
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.fsdp import fully_shard


@dataclass
class Output:
    loss: Tensor


@dataclass
class Registered:
    loss: Tensor


class Model(nn.Module):
    def __init__(self, output):
        super().__init__()
        self.layers, self.output = nn.Sequential(nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 32)), output

    def forward(self, x):
        return self.output(loss=self.layers(x).square().mean())


def outcome(output):
    torch.manual_seed(0)
    model = fully_shard(Model(output), reshard_after_forward=True)
    returned = model(torch.ones(4, 32))
    loss = returned["loss"] if isinstance(returned, dict) else returned.loss
    try:
        loss.backward()
    except RuntimeError as error:
        return "storage of size 0" if "storage of size 0" in str(error) else str(error)
    return "trains" if all(p.grad is not None for p in model.parameters()) else "no gradients"


dist.init_process_group("gloo")
torch.export.register_dataclass(Registered)
found = {kind.__name__: outcome(kind) for kind in (dict, Registered, Output)}
if dist.get_rank() == 0:
    print(f"torch {torch.__version__}, {dist.get_world_size()} processes: {found}", flush=True)
same = found == {"dict": "trains", "Registered": "trains", "Output": "storage of size 0"}
dist.barrier()
sys.stdout.flush()
os._exit(0 if same else 1)
PY
export OMP_NUM_THREADS=1
"$work/venv/bin/python" -m torch.distributed.run --standalone --nproc_per_node 2 "$work/shard.py" ||
    { echo "changed: other than described"; exit 1; }
echo "as described"
