"""The kernels against `reference`: on a GPU, or on NumPy, where the whole contract runs, too.

Triton decides when it is imported whether it interprets, so on NumPy these tests run in a process
of their own, which `test_renderer.py` starts.
"""

import re

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils._python_dispatch import TorchDispatchMode

from gaussrep.cameras import Cameras
from gaussrep.checks import defer_finite_checks
from gaussrep.errors import CapabilityError
from gaussrep.gaussians import Gaussians
from gaussrep.rendering import get_renderer
from gaussrep.rendering.config import TritonConfig
from gaussrep.rendering.reference import ReferenceRenderer
from gaussrep.rendering.triton.loading import is_interpreted
from gaussrep.rendering.triton.renderer import TritonRenderer
from gaussrep.testing import RendererContract
from gaussrep.testing.gradients import gradients
from gaussrep.testing.scenes import LENSES, RenderInput, random_scene

DEVICE = "cpu" if is_interpreted() else "cuda"
pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(
        not (is_interpreted() or torch.cuda.is_available()), reason="needs a CUDA device"
    ),
]


@pytest.mark.skipif(not is_interpreted(), reason="tests/testing tests it on a GPU")
class TestContract(RendererContract):
    name = "triton"
    device = DEVICE


def assert_agrees(scene, compare_gradients=True):
    """Images and gradients are those of the reference."""
    contract, renderer = TestContract(), get_renderer("triton")
    actual = contract.render(renderer, scene)
    expected = ReferenceRenderer().render(scene.gaussians, scene.cameras, scene.background)
    contract.assert_same(actual, expected)
    if compare_gradients:
        found = gradients(renderer, scene.to(DEVICE, torch.float32), cameras=True)
        for name, gradient in gradients(ReferenceRenderer(), scene, cameras=True).items():
            error = (found[name].cpu().double() - gradient).norm()
            assert error <= 1e-3 * gradient.norm() + 1e-9, name


def stack(scenes):
    """One batch of scenes with different numbers of Gaussians."""
    most = max(scene.gaussians.count for scene in scenes)
    stacked = {
        name: torch.stack([scene.cameras.tensors()[name] for scene in scenes])
        for name in scenes[0].cameras.tensors()
    }
    return RenderInput(
        Gaussians.stack([scene.gaussians.pad(most) for scene in scenes]),
        scenes[0].cameras.replace(**stacked),
        torch.stack([scene.background for scene in scenes]),
    )


@settings(max_examples=8)
@given(
    counts=st.lists(st.integers(0, 12), min_size=1, max_size=3),
    options=st.fixed_dictionaries(
        {
            "views": st.integers(1, 2),
            "size": st.tuples(st.integers(1, 35), st.integers(1, 35)),
            "model": st.sampled_from(["pinhole", "ortho", "opencv", "fisheye"]),
            "sh_degree": st.sampled_from([None, 0, 2, 3]),
            "features": st.sampled_from([0, 1, 17]),
            "antialiased": st.booleans(),
        }
    ),
    seed=st.integers(0, 99),
)
def test_ragged_batches(counts, options, seed):
    scenes = []
    for place, count in enumerate(counts):
        scene = random_scene(seed + place, count=max(count, 1), **options)
        kept = scene.gaussians if count else scene.gaussians[:0]
        scenes.append(RenderInput(kept, scene.cameras, scene.background))
    assert_agrees(stack(scenes))


def crowd(count, seed, opacity, size=0.3, width=20, height=17):
    """Many Gaussians in front of one camera at the origin."""
    generator = torch.Generator().manual_seed(seed)

    def uniform(*shape):
        return torch.rand(*shape, generator=generator, dtype=torch.float64)

    low, high = opacity
    gaussians = Gaussians(
        uniform(count, 3) - torch.tensor([0.5, 0.5, -1.5]),
        torch.randn(count, 4, generator=generator, dtype=torch.float64),
        (0.3 + uniform(count, 3)) * size,
        low + (high - low) * uniform(count),
        colors=uniform(count, 3),
    )
    K = torch.tensor([[1.0 * width, 0, width / 2], [0, 1.0 * width, height / 2], [0, 0, 1]])
    cameras = Cameras(torch.eye(4)[None].double(), K[None].double(), width, height)
    return RenderInput(gaussians, cameras, uniform(1, 3))


def test_a_tile_with_thousands():
    assert_agrees(crowd(2000, 1, (0.005, 0.03), size=0.1, width=16, height=16), False)


def test_an_opaque_stack_stops():
    scene = crowd(120, 3, (0.95, 1.0), size=0.4)
    assert_agrees(scene)
    out = ReferenceRenderer().render(scene.gaussians, scene.cameras)
    assert out.alpha.median() > 0.999


def test_needles():
    scene = crowd(60, 4, (0.1, 0.9), size=0.1, width=40, height=24)
    thin = scene.gaussians.scales * torch.tensor([20.0, 1e-6, 1e-3])
    assert_agrees(
        RenderInput(scene.gaussians.replace(scales=thin), scene.cameras, scene.background), False
    )


def test_equal_depths_are_composited_by_index():
    scene = crowd(30, 8, (0.1, 0.9))
    means = scene.gaussians.means.clone()
    means[:, 2] = 2.0
    scene = RenderInput(scene.gaussians.replace(means=means), scene.cameras, scene.background)
    assert_agrees(scene, False)


def test_the_local_map_clamped_to_the_frustum():
    scene = random_scene(7, count=40, size=(24, 20))
    wide = scene.gaussians.replace(means=scene.gaussians.means * 2.5)
    assert_agrees(RenderInput(wide, scene.cameras, scene.background))


@pytest.mark.parametrize(
    ("model", "coefficients"),
    [
        ("fisheye", [-0.3, 0.0, 0.0, 0.0]),
        ("opencv", [-0.4, 0.0, 0.01, 0.02, 0.0, 0.0, 0.0, 0.0]),
        ("opencv", [0.0] * 8),
    ],
)
def test_lenses_that_turn_back_show_nothing_twice(model, coefficients):
    scene = crowd(60, 14, (0.1, 0.9), size=0.15, width=24, height=17)
    wide = scene.gaussians.replace(means=scene.gaussians.means * torch.tensor([6.0, 6.0, 1.0]))
    cameras = scene.cameras.replace(
        model=model, distortion=torch.tensor([coefficients], dtype=torch.float64)
    )
    assert_agrees(RenderInput(wide, cameras, scene.background))


def test_a_fisheye_from_its_axis_to_its_edge():
    angles = torch.tensor([0.0, 1e-4, 1e-2, 0.39, 0.43, 0.78, 0.79, 1.2, 1.52]).double()
    turns = torch.arange(9) * 2.0
    means = torch.stack([turns.cos() * angles.sin(), turns.sin() * angles.sin(), angles.cos()], -1)
    means = means * torch.linspace(1, 2, 9)[:, None]
    scene = crowd(9, 2, (0.2, 0.8), size=0.08, width=42, height=42)
    K = torch.tensor([[12.0, 0, 21.25], [0, 12.5, 20.5], [0, 0, 1]]).double()
    cameras = scene.cameras.replace(
        Ks=K[None], model="fisheye", distortion=scene.cameras.Ks.new_tensor([LENSES["fisheye"]])
    )
    scene = RenderInput(scene.gaussians.replace(means=means), cameras, scene.background)
    assert_agrees(scene)
    for one in 0, 1, 8:
        assert_agrees(RenderInput(scene.gaussians[one : one + 1], cameras, scene.background))


def test_behind_the_camera_and_at_the_near_plane():
    scene = crowd(60, 5, (0.1, 0.9), size=0.1)
    means = scene.gaussians.means * torch.tensor([4.5, 4.5, 4.5]) - torch.tensor([0, 0, 7.0])
    assert ((means[:, 2] < 0.01).any(), (means[:, 2] > 0.01).any()) == (True, True)
    scene = RenderInput(scene.gaussians.replace(means=means), scene.cameras, scene.background)
    assert_agrees(scene, False)


def test_images_that_the_loss_does_not_use_cost_no_gradient():
    scene = random_scene(3, features=3).to(DEVICE, torch.float32)
    for name in ("color", "alpha", "depth", "features"):
        found, expected = (
            torch.autograd.grad(
                getattr(render(scene, renderer, leaves), name).square().sum(), leaves
            )
            for renderer in ("triton", "reference")
            for leaves in [[scene.gaussians.means.clone().requires_grad_()]]
        )
        torch.testing.assert_close(found[0], expected[0], rtol=1e-3, atol=1e-4)


def render(scene, renderer, leaves):
    gaussians = scene.gaussians.replace(means=leaves[0])
    return get_renderer(renderer).render(gaussians, scene.cameras, scene.background)


def test_harmonics_seen_through_any_matrix():
    scene = random_scene(6, views=2, count=3, size=(16, 9), sh_degree=4)
    sheared = torch.tensor([[1.1, 0.2, 0, 0], [-0.1, 0.9, 0.1, 0], [0, 0.1, 1.2, 0], [0, 0, 0, 1]])
    cameras = scene.cameras.replace(viewmats=sheared.double() @ scene.cameras.viewmats)
    assert_agrees(RenderInput(scene.gaussians, cameras, scene.background))


def test_harmonics_below_zero_are_black_and_have_no_gradient():
    scene = random_scene(6, count=4, size=(16, 9), sh_degree=1).to(DEVICE, torch.float32)
    sh = scene.gaussians.sh.clone()
    sh[:, 0, 1] = -9.0
    leaf = sh.requires_grad_()
    out = get_renderer("triton").render(scene.gaussians.replace(sh=leaf), scene.cameras)
    assert not out.color[..., 1].any()
    out.color.sum().backward()
    assert not leaf.grad[..., 1].any()
    assert leaf.grad[..., 0].any()


def arguments(features=2, most=0, bases=0, lens=0):
    scene = random_scene(1, batch=(2,), views=2, count=5, size=(20, 18), features=3)
    scene = scene.to(DEVICE, torch.float32)
    g, cameras = scene.gaussians, scene.cameras
    assert g.colors is not None
    assert g.features is not None
    colors = g.colors[:, None, : 0 if bases else None]
    sh = g.means.repeat(1, 1, bases).unflatten(-1, (bases, 3))
    tensors = [g.means, g.quats, g.scales, g.opacities, colors, g.features[..., :features], sh]
    tensors += [
        cameras.viewmats,
        cameras.Ks,
        1e-3 * cameras.Ks[..., 0].repeat(1, 1, 3)[..., :lens],
        scene.background,
    ]
    leaves = [t.detach().contiguous().requires_grad_() for t in tensors]
    return [*leaves, 20, 18, False, False, most, most > 0]


@pytest.mark.parametrize(("features", "most", "bases", "lens"), [(2, 0, 0, 0), (0, 999, 4, 8)])
def test_opcheck(features, most, bases, lens):
    from gaussrep.rendering.triton import op

    torch.library.opcheck(op.rasterize_with_state, arguments(features, most, bases, lens))


def test_a_largest_number_of_pairs_saves_the_wait_and_changes_nothing():
    scene = random_scene(5, features=2).to(DEVICE, torch.float32)
    enough = TritonRenderer(TritonConfig(max_tile_pairs=500))
    expected, actual = (
        TestContract().render(one, scene) for one in (get_renderer("triton"), enough)
    )
    assert torch.equal(actual.color, expected.color)
    assert torch.equal(actual.features, expected.features)
    found, wanted = (
        gradients(one, scene, cameras=True) for one in (enough, get_renderer("triton"))
    )
    for name, gradient in wanted.items():
        assert torch.equal(found[name], gradient), name


def test_more_pairs_than_allowed_give_nan_and_no_wrong_image():
    scene = random_scene(5, features=2).to(DEVICE, torch.float32)
    leaf = scene.gaussians.means.clone().requires_grad_()
    few = TritonRenderer(TritonConfig(max_tile_pairs=3))
    out = few.render(scene.gaussians.replace(means=leaf), scene.cameras, scene.background)
    for image in (out.color, out.alpha, out.depth, out.features):
        assert image.isnan().all()
    out.color.sum().backward()
    assert leaf.grad.shape == leaf.shape


class Waits(TorchDispatchMode):
    """Collects the calls, also inside the operators, that would wait for a GPU."""

    WAITING = re.compile(
        "::(item|_local_scalar_dense|.*nonzero|masked_select|.*unique|lift|_?linalg_(?!vector))"
    )

    def __init__(self):
        from gaussrep.rendering.triton import op

        super().__init__()
        self.found = []
        self.inside = {
            op.rasterize_with_state: op._rasterize,
            op.rasterize_backward: op._rasterize_backward,
        }

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if func in self.inside:
            with self:
                return self.inside[func](*args, **(kwargs or {}))
        if self.WAITING.search(func.name()):
            self.found.append(func.name())
        return func(*args, **(kwargs or {}))


def step(renderer, scene, leaves):
    """Render everything there is, and backpropagate to Gaussians and cameras."""
    gaussians = scene.gaussians.replace(means=leaves[0], sh=leaves[1])
    cameras = scene.cameras.replace(viewmats=leaves[2], distortion=leaves[3])
    out = renderer.render(gaussians, cameras, scene.background, ["median_depth", "normals"])
    images = out.color, out.alpha, out.depth, out.features, out.median_depth, out.normals
    sum(image.square().sum() for image in images).backward()
    return out


def leaves_of(scene):
    given = scene.gaussians.means, scene.gaussians.sh, *scene.cameras.tensors().values()
    means, sh, viewmats, _, distortion = (each.clone().requires_grad_() for each in given)
    return [means, sh, viewmats, distortion]


@pytest.mark.parametrize(("most", "waits"), [(900, []), (None, ["aten::item"])])
def test_a_step_waits_for_the_number_of_pairs_unless_it_is_given(most, waits):
    options = {"features": 1, "sh_degree": 1, "model": "opencv", "antialiased": True}
    scene = random_scene(5, count=3, size=(16, 9), **options).to(DEVICE, torch.float32)
    renderer = TritonRenderer(TritonConfig(max_tile_pairs=most))
    with defer_finite_checks(), Waits() as seen:
        step(renderer, scene, leaves_of(scene))
    assert seen.found == waits


@pytest.mark.skipif(is_interpreted(), reason="needs a CUDA device")
def test_a_cuda_graph_captures_a_step():
    scene = random_scene(5, views=2, features=3, sh_degree=2, model="opencv")
    scene = scene.to(DEVICE, torch.float32)
    renderer = TritonRenderer(TritonConfig(max_tile_pairs=900))
    leaves, graph, side = leaves_of(scene), torch.cuda.CUDAGraph(), torch.cuda.Stream()
    with defer_finite_checks():
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            step(renderer, scene, leaves)
        torch.cuda.current_stream().wait_stream(side)
        for leaf in leaves:
            leaf.grad = None
        with torch.cuda.graph(graph):
            captured = step(renderer, scene, leaves)
    moved = leaves_of(scene)
    with torch.no_grad():
        for leaf, other in zip(leaves, moved, strict=True):
            leaf.mul_(1.01)
            other.mul_(1.01)
    graph.replay()
    expected = step(renderer, scene, moved)
    assert torch.equal(captured.color, expected.color)
    for leaf, other in zip(leaves, moved, strict=True):
        assert torch.equal(leaf.grad, other.grad)


@pytest.mark.filterwarnings("ignore")
def test_compiles_as_part_of_one_graph():
    from gaussrep.rendering.triton.op import rasterize

    def loss(*tensors):
        color, _, depth, _, _ = rasterize(*tensors)
        return (2 * color).square().sum() + depth.mean()

    tensors = arguments()
    expected = torch.autograd.grad(loss(*tensors), tensors[:11], allow_unused=True)
    compiled = torch.compile(loss, fullgraph=True, backend="aot_eager")
    found = torch.autograd.grad(compiled(*tensors), tensors[:11], allow_unused=True)
    for actual, other in zip(found, expected, strict=True):
        torch.testing.assert_close(actual, other)


def test_second_derivatives_are_refused():
    scene = random_scene(2, count=2).to(DEVICE, torch.float32)
    leaf = scene.gaussians.means.clone().requires_grad_()
    color = render(scene, "triton", [leaf]).color
    (gradient,) = torch.autograd.grad(color.square().sum(), leaf, create_graph=True)
    with pytest.raises(CapabilityError, match="second"):
        torch.autograd.grad(gradient.sum(), leaf)


def test_half_precision_is_rendered_in_float32():
    scene = random_scene(2, count=2).to(DEVICE, torch.bfloat16)
    out = get_renderer("triton").render(scene.gaussians, scene.cameras, scene.background)
    assert out.color.dtype == torch.float32
