import itertools

import torch

from gaussrep.cameras import Cameras
from gaussrep.cuboid import Cuboid
from gaussrep.viewer.viser_scene import camera_edges, cuboid_edges


def corners(edges):
    return {tuple(round(x, 4) for x in end) for end in edges.flatten(0, 1).tolist()}


def test_a_cuboid_has_twelve_edges_along_its_axes():
    edges = cuboid_edges(Cuboid(torch.tensor([1.0, 2, 3]), torch.tensor([2.0, 4, 6])))
    lengths = (edges[:, 1] - edges[:, 0]).abs()
    assert (lengths > 0).sum(-1).tolist() == [1] * 12
    assert lengths.sum(0).tolist() == [8, 16, 24]
    assert corners(edges) == set(itertools.product((0, 2), (0, 4), (0, 6)))


def test_a_pinhole_camera_is_a_pyramid_whose_base_is_its_image():
    K = torch.tensor([[10.0, 0, 4], [0, 10, 3], [0, 0, 1]])
    viewmat = torch.eye(4)
    viewmat[:3, 3] = torch.tensor([0, 0, -5.0])
    edges = camera_edges(Cameras(viewmat[None], K[None], 8, 6), 2.0)
    assert edges.shape == (8, 2, 3)
    base = set(itertools.product((-0.8, 0.8), (-0.6, 0.6), (7,)))
    assert corners(edges) == base | {(0, 0, 5)}


def test_an_orthographic_camera_is_a_box():
    K = torch.tensor([[4.0, 0, 4], [0, 4, 4], [0, 0, 1]])
    cameras = Cameras(torch.eye(4).expand(2, 4, 4), K.expand(2, 3, 3), 8, 8, model="ortho")
    edges = camera_edges(cameras, 3.0)
    assert edges.shape == (24, 2, 3)
    assert corners(edges) == set(itertools.product((-1, 1), (-1, 1), (0, 3)))
