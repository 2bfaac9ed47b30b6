"""The operator as torch sees it."""

import shutil
import subprocess
import sys

import pytest
import torch

from gaussrep.errors import CapabilityError, UnavailableError
from gaussrep.rendering import get_renderer
from gaussrep.rendering.cpu import op
from gaussrep.rendering.cpu.renderer import CpuRenderer
from gaussrep.testing.scenes import random_scene

NEEDS_COMPILER = pytest.mark.skipif(
    shutil.which("g++") is None, reason="inductor needs a C++ compiler, g++, on the CPU"
)


def arguments(device="cpu", grad=True, features=2, antialiased=False, bases=0, lens=0):
    scene = random_scene(1, batch=(2,), views=2, count=5, size=(20, 18), features=3, sh_degree=1)
    g, cameras = scene.gaussians.to(torch.float32), scene.cameras.to(torch.float32)
    assert g.sh is not None
    assert g.features is not None
    colors = g.sh[:, None, : 0 if bases else None, 1] + 0.5
    positions = cameras.positions[..., : 3 if bases else 0]
    tensors = [g.means, g.quats, g.scales, g.opacities, colors]
    tensors += [g.features[..., :features], g.sh[..., :bases, :], positions]
    distortion = torch.full((2, 2, lens), 0.01)
    tensors += [cameras.viewmats, cameras.Ks, distortion, scene.background.float()]
    tensors = [t.detach().to(device).contiguous().requires_grad_(grad) for t in tensors]
    return [*tensors, 20, 18, False, antialiased]


@pytest.mark.parametrize(
    ("features", "antialiased", "bases", "lens"),
    [(0, False, 4, 0), (2, False, 0, 8), (2, True, 0, 4)],
)
def test_opcheck(features, antialiased, bases, lens):
    given = arguments(features=features, antialiased=antialiased, bases=bases, lens=lens)
    torch.library.opcheck(op.rasterize, [*given, lens == 4])


def test_meta_tensors():
    color, alpha, depth, features, medians = op.rasterize(*arguments("meta", grad=False), True)
    assert medians.shape == (2, 2, 18, 20)
    assert color.shape == (2, 2, 18, 20, 3)
    assert alpha.shape == depth.shape == (2, 2, 18, 20)
    assert features.shape == (2, 2, 18, 20, 2)
    assert color.is_meta


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("backend", ["aot_eager", pytest.param("inductor", marks=NEEDS_COMPILER)])
def test_compiles_as_part_of_one_graph(backend):
    def loss(*given):
        color, _, depth, *_ = op.rasterize(*given)
        return (2 * color).square().sum() + depth.mean()

    given = arguments()
    leaves = given[:12]
    expected = torch.autograd.grad(loss(*given), leaves, allow_unused=True)
    compiled = torch.compile(loss, fullgraph=True, backend=backend)
    found = torch.autograd.grad(compiled(*given), leaves, allow_unused=True)
    torch.set_flush_denormal(False)  # compiled by torch 2.4 and gcc 12, code leaves it on
    for actual, other in zip(found, expected, strict=True):
        torch.testing.assert_close(actual, other)


def test_gradients_of_strided_and_expanded_images():
    given = arguments()
    color = op.rasterize(*given)[0]
    mean = torch.autograd.grad(color.mean(), given[0], retain_graph=True)[0]
    weight = torch.full_like(color, 1 / color.numel())
    same = torch.autograd.grad(color, given[0], weight)[0]
    torch.testing.assert_close(mean, same)


def test_autocast_and_half_precision_are_rendered_in_float32():
    scene = random_scene(2, sh_degree=2)
    gaussians, cameras = scene.gaussians.to(torch.float32), scene.cameras.to(torch.float32)
    plain = get_renderer("cpu").render(gaussians, cameras)
    with torch.autocast("cpu", torch.bfloat16):
        inside = get_renderer("cpu").render(gaussians, cameras)
    assert torch.equal(plain.color, inside.color)
    half = gaussians.to(torch.bfloat16), cameras.to(torch.bfloat16)
    assert get_renderer("cpu").render(*half).color.dtype == torch.float32


def test_float64_is_refused():
    scene = random_scene(3)
    with pytest.raises(CapabilityError, match=r"float64.*renderer 'reference'"):
        CpuRenderer().render(scene.gaussians, scene.cameras)


def test_without_numba_it_is_unavailable(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "gaussrep.rendering.cpu.op", None)
    monkeypatch.delattr("gaussrep.rendering.cpu.op")
    with pytest.raises(UnavailableError, match=r"Numba.*renderer 'reference'") as caught:
        CpuRenderer()
    assert isinstance(caught.value.__cause__, ImportError)


@pytest.mark.parametrize("used", range(4))
def test_images_that_the_loss_does_not_use(used):
    given = arguments()
    images = op.rasterize(*given)
    alone = torch.autograd.grad(images[used].sum(), given[:9], retain_graph=True)
    rest = sum((image * 0).sum() for image in images)
    same = torch.autograd.grad(images[used].sum() + rest, given[:9])
    for actual, other in zip(alone, same, strict=True):
        assert torch.equal(actual, other)


def test_second_derivatives_are_refused_and_first_ones_keep_their_graph():
    given = arguments()
    leaves = given[:12]
    loss = op.rasterize(*given)[0].square().sum()
    slope = torch.autograd.grad(loss, leaves[0], create_graph=True)[0]
    with pytest.raises(CapabilityError, match=r"first derivatives only.*renderer 'reference'"):
        torch.autograd.grad(slope.sum(), leaves[0])


def test_the_first_render_does_not_import_the_compiler():
    code = (
        "import sys, torch, gaussrep as gr; from gaussrep.testing.scenes import random_scene;"
        "s = random_scene(0); g = gr.Gaussians(**{n: t.float().requires_grad_()"
        " for n, t in s.gaussians.tensors()});"
        "gr.render(g, s.cameras.to(torch.float32), 'cpu').color.sum().backward();"
        "print('torch._dynamo' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"]
