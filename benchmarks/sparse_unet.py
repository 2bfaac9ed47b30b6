"""Time the sparse U-Net on clouds of rooms, by our kernels, by spconv and in plain torch.

python benchmarks/sparse_unet.py [--out FILE] [--threads N] [--repeats N] [--size NAME]
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gaussrep.encoders.voxels import VoxelCloud, voxelize
from gaussrep.errors import GaussrepError, UnavailableError
from gaussrep.runtime.atomic_files import write_json
from gaussrep_gaussiancross.backbones.config import SparseUNetConfig
from gaussrep_gaussiancross.backbones.sparse_unet import SparseUNet
from gaussrep_gaussiancross.sparse.kernel_map import sort_voxels
from gaussrep_gaussiancross.sparse.spconv_backend import SpconvBackend, SpconvModules
from harness.options import counts, require_folder_of
from harness.report import describe_origin
from harness.timing import summarize_times, time_calls

OUT = Path(__file__).parent / "results" / "sparse-unet.json"
SIDES = "64,151"
CHANNELS = 6
BOXES = 6
TURN = 0.3
NOISE = 0.15
DEFINITIONS = {
    "cloud": "voxels on the floor and two walls of a room, turned by 0.3 rad, with boxes, points "
    "0.15 voxels off their surfaces",
    "times": "whole calls in float32, index tables included, after one call that is not counted; "
    "no more calls once 20 s have gone by",
    "forward": "eval mode, no gradients",
    "forward-train": "training mode, gradients expected",
    "backward": "the gradients of all parameters, of the mean square of the features; index tables "
    "are those of the forward pass",
    "ours": "engine=auto",  # codespell:ignore ours
    "torch": "engine=torch: per offset of a kernel gather, matrix product and index_add",
    "spconv": "all threads; spconv 2.3.8 is then not reliable, see the documentation",
    "spconv-1": "one thread, as engine=spconv runs it",
}


def surface(corner: list[float], first: list[float], second: list[float]) -> Tensor:
    """Points half a voxel apart on a rectangle."""
    edges = torch.tensor([first, second])
    steps = [torch.arange(0, float(edge.norm()), 0.5) / edge.norm() for edge in edges]
    return torch.tensor(corner) + torch.cartesian_prod(*steps) @ edges


def make_room(side: int, seed: int = 0) -> VoxelCloud:
    """A room of `side` x `side` x `side / 2` voxels."""
    generator = torch.Generator().manual_seed(seed)
    long, high, none = float(side), side / 2, [0.0, 0.0, 0.0]
    x, y, z = [long, 0.0, 0.0], [0.0, long, 0.0], [0.0, 0.0, high]
    parts = [surface(none, x, y), surface(none, x, z), surface(none, y, z)]
    for _ in range(BOXES):
        w, d, h = ((0.1 + 0.15 * torch.rand(3, generator=generator)) * side).tolist()
        a, b = (0.7 * side * torch.rand(2, generator=generator)).tolist()
        parts.append(surface([a, b, h], [w, 0.0, 0.0], [0.0, d, 0.0]))
        parts.append(surface([a, b, 0.0], [w, 0.0, 0.0], [0.0, 0.0, h]))
        parts.append(surface([a, b, 0.0], [0.0, d, 0.0], [0.0, 0.0, h]))
    points = torch.cat(parts)
    cos, sin = torch.tensor(TURN).cos(), torch.tensor(TURN).sin()
    turn = torch.tensor([[cos, -sin, 0.0], [sin, cos, 0.0], [0.02, 0.03, 1.0]])
    points = points @ turn.mT + NOISE * torch.randn(points.shape, generator=generator)
    features = torch.randn(len(points), CHANNELS, generator=generator)
    return voxelize(points, features, torch.zeros(len(points)).long(), 1, 1.0).cloud


def build(size: str, engine: str) -> SparseUNet:
    torch.manual_seed(0)
    config = SparseUNetConfig.model_validate({"size": size, "engine": engine})
    return SparseUNet(config, CHANNELS)


def backward_of(net: SparseUNet, cloud: VoxelCloud) -> Callable[[], object]:
    loss = net(cloud).square().mean()
    return partial(torch.autograd.grad, loss, list(net.parameters()), retain_graph=True)


def own_calls(size: str, cloud: VoxelCloud) -> Iterator[tuple[str, str, Callable[[], object]]]:
    for name, engine in (("ours", "auto"), ("torch", "torch")):  # codespell:ignore ours
        net = build(size, engine)
        yield name, "forward", torch.no_grad()(partial(net.eval(), cloud))
        yield name, "forward-train", partial(net.train(), cloud)
        yield name, "backward", backward_of(net, cloud)


def spconv_calls(
    size: str, cloud: VoxelCloud, threads: int
) -> Iterator[tuple[str, str, Callable[[], object]]]:
    net = build(size, "auto").eval()
    for name, given in (("spconv", threads), ("spconv-1", 1)):
        library = SpconvModules(cpu_threads=given)

        @torch.no_grad()
        def call(library: SpconvModules = library) -> Tensor:
            grid, _ = sort_voxels(cloud.coords, cloud.scene)
            return net.run(cloud.features, SpconvBackend(grid, 1, library))

        yield name, "forward", call


def calls(
    size: str, cloud: VoxelCloud, threads: int
) -> Iterator[tuple[str, str, Callable[[], object]]]:
    try:
        yield from spconv_calls(size, cloud, threads)
    except UnavailableError as error:
        print(error, flush=True)
    yield from own_calls(size, cloud)


def run(given: argparse.Namespace) -> None:
    torch.set_num_threads(given.threads)
    content = describe_origin(sys.argv)
    content["definitions"] = DEFINITIONS
    content["settings"] = {"size": given.size, "threads": given.threads, "repeats": given.repeats}
    results: list[dict[str, Any]] = []
    content["results"] = results
    for side in counts("--sides", given.sides):
        cloud = make_room(side)
        for name, part, call in calls(given.size, cloud, given.threads):
            first_ms, times_ms = time_calls(call, given.repeats, "cpu")
            row = {"voxels": cloud.count, "engine": name, "pass": part}
            results.append({**row, "first_ms": round(first_ms, 3), **summarize_times(times_ms)})
            print(*row.values(), f"{results[-1]['median_ms']:.0f} ms", flush=True)
            write_json(content, given.out)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Time the sparse U-Net.")
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--size", default="base", choices=("tiny", "small", "base"))
    parser.add_argument("--sides", default=SIDES, help="voxels along the rooms")
    arguments = parser.parse_args()
    try:
        require_folder_of(arguments.out)
        run(arguments)
    except GaussrepError as error:
        sys.exit(f"error: {error}")
