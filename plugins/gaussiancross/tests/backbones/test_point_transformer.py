import pytest
import torch

import gaussrep as gr
from gaussrep.config import resolve
from gaussrep_gaussiancross.backbones.point_transformer import PointTransformer


def build(**settings):
    torch.manual_seed(0)
    config = resolve(
        "encoders", {"type": "point-transformer", "size": "tiny", "window": 32, **settings}
    )
    return gr.build("encoders", config, channels=6).eval()


@pytest.mark.parametrize(("size", "width"), [("tiny", 32), ("small", 32), ("base", 64)])
def test_sizes_have_their_width(make_cloud, size, width):
    net = build(size=size)
    assert isinstance(net, PointTransformer)
    assert net.width == width
    if size == "tiny":
        cloud = make_cloud(0)
        assert net(cloud).shape == (cloud.count, width)


@torch.no_grad()
def test_scenes_know_nothing_of_each_other(make_cloud):
    net = build()
    together = net(make_cloud(0, 1))
    apart = torch.cat([net(make_cloud(0)), net(make_cloud(1))])
    torch.testing.assert_close(together, apart, rtol=1e-4, atol=1e-4)


@torch.no_grad()
def test_it_gives_the_same_bits_every_time(make_cloud):
    net, cloud = build(), make_cloud(0, 1)
    assert torch.equal(net(cloud), net(cloud))


@torch.no_grad()
def test_the_order_of_voxels_does_not_matter(make_cloud, scramble):
    net, cloud = build(), make_cloud(0)
    moved, order = scramble(cloud)
    torch.testing.assert_close(net(moved), net(cloud)[order], rtol=1e-4, atol=1e-4)


@torch.no_grad()
def test_attention_reaches_beyond_kernels(make_cloud):
    near, far = (build(channels=[32], layers=[1], window=window) for window in (1, 4096))
    far.load_state_dict(near.state_dict())
    cloud = make_cloud(0)
    features = [net(cloud) for net in (near, far)]
    cloud.features[-1] += 10
    near_moved, far_moved = (
        (net(cloud) - before).abs().amax(1) > 1e-6
        for net, before in zip((near, far), features, strict=True)
    )
    assert near_moved.sum() < cloud.count / 4
    assert far_moved.sum() > cloud.count * 0.9


def test_training_moves_all_parameters(make_cloud):
    net = build().train()
    net(make_cloud(0, 1)).square().mean().backward()
    still = [
        name
        for name, parameter in net.named_parameters()
        if parameter.grad is None or not bool((parameter.grad != 0).any())
    ]
    assert still == []
