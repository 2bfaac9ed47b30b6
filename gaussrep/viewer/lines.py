"""Lines: cuboids and cameras as edges."""

import itertools

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor

from gaussrep.cameras import Cameras
from gaussrep.cuboid import Cuboid


def cuboid_edges(cuboid: Cuboid) -> Float[Tensor, "12 2 3"]:
    """Give the edges of a box.

    Args:
        cuboid: Of one scene.

    Returns:
        Both ends of each, in scene units.
    """
    corners = torch.tensor(list(itertools.product((-0.5, 0.5), repeat=3)))
    pairs = itertools.combinations(range(8), 2)
    ends = [pair for pair in pairs if (corners[pair[0]] != corners[pair[1]]).sum() == 1]
    return (cuboid.center + corners * cuboid.size)[torch.tensor(ends)]


def camera_edges(cameras: Cameras, length: float) -> Float[Tensor, "edges 2 3"]:
    """Give the edges of what cameras see, a pyramid, or a box where they are orthographic.

    Args:
        cameras: Views, [V].
        length: How far it reaches along the optical axis, in scene units.

    Returns:
        Both ends of each: 8 edges of a pyramid, 12 of a box, one camera after the other.
    """
    corners = torch.tensor([[0.0, 0], [1, 0], [1, 1], [0, 1]])
    pixels = corners * torch.tensor([cameras.width, cameras.height])
    focal = torch.stack([cameras.Ks[:, 0, 0], cameras.Ks[:, 1, 1]], dim=-1)[:, None]
    plane = (pixels - cameras.Ks[:, None, :2, 2]) / focal
    pinhole = cameras.model == "pinhole"
    far = torch.cat(
        [plane * length if pinhole else plane, torch.full_like(plane[..., :1], length)], -1
    )
    near = torch.zeros_like(far) if pinhole else far * far.new_tensor([1, 1, 0])
    rims = [far] if pinhole else [far, near]
    edges = [torch.stack([near, far], dim=2)]
    edges += [torch.stack([rim, rim.roll(-1, dims=1)], dim=2) for rim in rims]
    inside = rearrange(torch.cat(edges, dim=1), "v e ends xyz -> v (e ends) xyz")
    moved = inside - cameras.viewmats[:, None, :3, 3]
    world = moved @ cameras.viewmats[:, :3, :3]
    return rearrange(world, "v (e ends) xyz -> (v e) ends xyz", ends=2)
