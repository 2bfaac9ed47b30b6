"""The gradient to the order in depth, beside the exchange of pairs by brute force."""

import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import gaussrep as gr
from gaussrep import Cameras, Gaussians
from gaussrep.fitting.fitter import _is_cpu
from gaussrep.rendering.compositing import (
    CHANNELS_START,
    blend_channels,
    gaussian_alphas,
    pixel_centers,
    sort_by_depth,
)
from gaussrep.rendering.config import CpuConfig, ReferenceConfig
from gaussrep.rendering.cpu.renderer import CpuRenderer
from gaussrep.rendering.order_gradient import order_gradient
from gaussrep.rendering.projection import project
from gaussrep.rendering.reference import ReferenceRenderer
from gaussrep.testing.gradients import gradients
from gaussrep.testing.scenes import random_scene

SIDE, TEMPERATURE = 12, 0.3
K = torch.tensor([[SIDE / 2, 0, SIDE / 2], [0, SIDE / 2, SIDE / 2], [0, 0, 1]], dtype=torch.float64)


def camera():
    viewmat = torch.eye(4, dtype=torch.float64)
    viewmat[2, 3] = 4
    return Cameras(viewmat[None], K[None], SIDE, SIDE, model="ortho")


def blobs(count, seed, opacity=0.7):
    draw = torch.Generator().manual_seed(seed)
    means = torch.rand(count, 3, generator=draw, dtype=torch.float64) - 0.5
    return Gaussians(
        means=means,
        quats=torch.tensor([1.0, 0, 0, 0], dtype=torch.float64).expand(count, 4),
        scales=torch.full((count, 3), 0.4, dtype=torch.float64),
        opacities=torch.full((count,), opacity, dtype=torch.float64),
        colors=torch.rand(count, 3, generator=draw, dtype=torch.float64),
    )


def depth_gradient(gaussians, gradient, renderer=None, **config):
    """Derivative of <gradient, color> to the depths."""
    means = gaussians.means.clone().requires_grad_()
    renderer = renderer or ReferenceRenderer(ReferenceConfig(type="reference", **config))
    cameras = camera().to(gaussians.dtype)
    color = renderer.render(gaussians.replace(means=means), cameras).color[0]
    (color * gradient).sum().backward()
    return means.grad[:, 2]


def composite_by_relations(alpha, channels, before):
    """Composite where `before[i, j]` decides for each pair alone which one hides the other."""
    count = len(alpha)
    color = torch.zeros(alpha.shape[1], channels.shape[1], dtype=torch.float64)
    for i in range(count):
        transmittance = torch.ones(alpha.shape[1], dtype=torch.float64)
        for j in range(count):
            if j != i and before[j, i]:
                transmittance = transmittance * (1 - alpha[j])
        color += (transmittance * alpha[i])[:, None] * channels[i]
    return color


@settings(max_examples=15, deadline=None)
@given(st.integers(2, 6), st.integers(0, 10**6))
def test_it_is_the_derivative_of_the_expected_loss(count, seed):
    """Every relation is reversed by brute force, the others kept."""
    gaussians, cameras = blobs(count, seed), camera()
    projection = project(gaussians, cameras)
    packed = sort_by_depth(projection, blend_channels(gaussians, cameras, projection.depths))
    pixels = pixel_centers(SIDE, SIDE, packed)
    channels = packed[0, :, CHANNELS_START:]
    draw = torch.Generator().manual_seed(seed)
    gradient = torch.randn(SIDE**2, channels.shape[1], generator=draw, dtype=torch.float64)
    found = order_gradient(packed, pixels, gradient[None], count, TEMPERATURE)[0]

    alpha = gaussian_alphas(packed, pixels)[0].T
    before = torch.ones(count, count).triu(1).bool()
    loss = (composite_by_relations(alpha, channels, before) * gradient).sum()
    depths = channels[:, 1]
    expected = torch.zeros(count, dtype=torch.float64)
    for i, j in itertools.combinations(range(count), 2):
        reversed_one = before.clone()
        reversed_one[i, j], reversed_one[j, i] = False, True
        change = (composite_by_relations(alpha, channels, reversed_one) * gradient).sum() - loss
        likely = torch.sigmoid((depths[j] - depths[i]) / TEMPERATURE)
        slope = likely * (1 - likely) / TEMPERATURE
        expected[i] += slope * change
        expected[j] -= slope * change
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-9)


def test_exchanging_two_depths_changes_the_loss_as_predicted():
    gaussians = blobs(2, seed=1)
    gradient = torch.randn(SIDE, SIDE, 3, generator=torch.Generator().manual_seed(0)).double()
    found = depth_gradient(gaussians, gradient, order_window=1, order_temperature=TEMPERATURE)
    exchanged = gaussians.means.clone()
    exchanged[:, 2] = exchanged[:, 2].flip(0)
    renderer = ReferenceRenderer()
    losses = [
        (renderer.render(gaussians.replace(means=means), camera()).color[0] * gradient).sum()
        for means in (gaussians.means, exchanged)
    ]
    near, far = gaussians.means[:, 2].argsort()
    likely = torch.sigmoid((gaussians.means[far, 2] - gaussians.means[near, 2]) / TEMPERATURE)
    slope = likely * (1 - likely) / TEMPERATURE
    torch.testing.assert_close(found[near], slope * (losses[1] - losses[0]))
    torch.testing.assert_close(found[far], -found[near])


def both(**settings):
    settings = {"order_temperature": TEMPERATURE, **settings}
    yield CpuRenderer(CpuConfig(type="cpu", **settings))
    yield ReferenceRenderer(ReferenceConfig(type="reference", **settings))


@pytest.mark.parametrize("window", [0, 1, 2, 5])
@pytest.mark.parametrize("kind", [{"count": 6}, {"count": 40, "features": 5, "views": 2}])
def test_the_cpu_renderer_estimates_the_same(kind, window):
    scene = random_scene(3, **kind).to("cpu", torch.float32)
    found, expected = (
        gradients(renderer, scene, cameras=True) for renderer in both(order_window=window)
    )
    for name, gradient in expected.items():
        limit = 1e-4 * gradient.abs().max().item()
        torch.testing.assert_close(found[name], gradient, rtol=1e-4, atol=limit, msg=name)
    without = gradients(ReferenceRenderer(), scene, cameras=True)["means"]
    assert torch.equal(expected["means"], without) == (window == 0)


@pytest.mark.parametrize("window", [1, 4])
def test_lists_longer_than_a_chunk_of_the_cpu_renderer(window):
    gaussians = blobs(600, seed=5, opacity=0.02).to(torch.float32)
    gradient = torch.randn(SIDE, SIDE, 3, generator=torch.Generator().manual_seed(0))
    found, expected = (
        depth_gradient(gaussians, gradient, renderer) for renderer in both(order_window=window)
    )
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-4 * expected.abs().max().item())
    assert expected.abs().max() > 0


def test_bits_of_the_cpu_renderer_do_not_depend_on_threads():
    scene = random_scene(1, size=(53, 37), count=60).to("cpu", torch.float32)
    renderer = CpuRenderer(CpuConfig(type="cpu", order_window=3))
    found = []
    for threads in (1, 2, 5):
        with gr.threads(threads):
            found += [gradients(renderer, scene, cameras=False)["means"] for _ in range(3)]
    assert all(torch.equal(found[0], other) for other in found)


@pytest.mark.parametrize("window", [0, 2])
def test_a_fit_uses_the_estimate_of_its_renderer(window):
    """The faster path of fits has none, and must not take its place in silence."""
    config = CpuConfig(type="cpu", order_window=window)
    assert _is_cpu(config, ("pinhole",)) == (window == 0)


@pytest.mark.parametrize("max_pairs", [7, 2**20])
def test_it_is_added_to_the_gradient_and_off_by_default(max_pairs):
    gaussians = blobs(5, seed=2)
    gradient = torch.randn(SIDE, SIDE, 3, generator=torch.Generator().manual_seed(0)).double()
    assert depth_gradient(gaussians, gradient, max_pairs=max_pairs).abs().max() == 0
    with_order = depth_gradient(gaussians, gradient, max_pairs=max_pairs, order_window=4)
    torch.testing.assert_close(with_order, depth_gradient(gaussians, gradient, order_window=4))
    assert with_order.abs().max() > 0
    assert abs(with_order.sum().item()) < 1e-9


def test_the_window_counts_gaussians_that_contribute_to_a_pixel():
    """Between two overlapping Gaussians one lies elsewhere: they are neighbors nevertheless."""
    gaussians = blobs(3, seed=3)
    means = torch.tensor([[0.0, 0, -0.5], [90.0, 0, 0], [0.1, 0, 0.5]]).double()
    gradient = torch.randn(SIDE, SIDE, 3, generator=torch.Generator().manual_seed(0)).double()
    found = depth_gradient(gaussians.replace(means=means), gradient, order_window=1)
    assert found[1] == 0
    assert found[0] == -found[2] != 0


def test_descent_puts_opaque_blobs_in_order():
    target = blobs(6, seed=4, opacity=0.95)
    renderer = ReferenceRenderer(
        ReferenceConfig(type="reference", order_window=6, order_temperature=0.1)
    )
    image = renderer.render(target, camera()).color
    depths = target.means[:, 2].flip(0).clone().requires_grad_()
    optimizer = torch.optim.Adam([depths], lr=0.03)
    losses = []
    for _ in range(80):
        means = torch.cat([target.means[:, :2], depths[:, None]], dim=1)
        loss = (
            (renderer.render(target.replace(means=means), camera()).color - image).square().mean()
        )
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert losses[-1] < 0.1 * losses[0]
