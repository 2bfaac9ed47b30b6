import pytest
import torch

from gaussrep.fitting.config import BaseFitConfig
from gaussrep.fitting.cpu_views import render_views
from gaussrep.fitting.fitter import SceneFitter
from gaussrep.fitting.image_gradient import one_each, per_view
from gaussrep.fitting.scene_model import SceneModel
from gaussrep.rendering import render
from gaussrep.testing.scenes import LENSES

BACKGROUND = torch.tensor([0.2, 0.4, 0.6])
CASES = {
    "one view": {},
    "three views": {"views": 3},
    "all degrees": {"degree": None},
    "some degrees": {"degree": 1},
    "features": {"channels": 5},
    "antialiased": {"antialiased": True},
    "orthographic": {"model": "ortho"},
    "lens": {"model": "opencv", "views": 2},
    "no harmonics": {"sh_degree": 0, "degree": 0},
}


def _scene(gaussians, channels=0, antialiased=False, sh_degree=2):
    bases, generator = (sh_degree + 1) ** 2, torch.Generator().manual_seed(7)
    return SceneModel(
        gaussians.replace(
            colors=None,
            sh=torch.rand(12, bases, 3, generator=generator) - 0.5,
            features=torch.rand(12, channels, generator=generator) if channels else None,
            antialiased=antialiased,
        ),
        sh_degree,
    )


def _cameras(ring, views=1, model="pinhole"):
    lens = torch.tensor(LENSES[model]).expand(views, -1).clone() if model in LENSES else None
    cameras = ring[:views].replace(model=model, distortion=lens)
    parts = {name: part.clone().requires_grad_() for name, part in cameras.tensors().items()}
    return cameras.replace(**parts)


def _gradients(rendering, parameters):
    total = 0
    for number, (_, image) in enumerate(sorted(vars(rendering).items())):
        if image is not None:
            generator = torch.Generator().manual_seed(number)
            total = total + (image * torch.rand(image.shape, generator=generator)).sum()
    return torch.autograd.grad(total, parameters, allow_unused=True)


@pytest.mark.parametrize("case", CASES)
def test_images_and_gradients_are_those_of_render(tiny_scene, ring, case):
    given = {"degree": 2, **CASES[case]}
    degree = given.pop("degree")
    cameras = _cameras(ring, given.pop("views", 1), given.pop("model", "pinhole"))
    scene = _scene(tiny_scene, **given)
    parameters = [*scene.raw.values(), *cameras.tensors().values()]
    wanted_copies = per_view(scene.gaussians(degree), cameras.views)
    wanted = render(wanted_copies, one_each(cameras), "cpu", BACKGROUND)
    found, copies = render_views(scene, cameras, BACKGROUND, degree)
    for name in ("color", "alpha", "depth", "features"):
        image = getattr(wanted, name)
        assert image is None or torch.equal(getattr(found, name), image[:, 0])
    both = [
        _gradients(wanted, [wanted_copies.means, *parameters]),
        _gradients(found, parameters),
    ]
    assert torch.equal(copies.grad, both[0][0])
    for number, (one, other) in enumerate(zip(both[0][1:], both[1], strict=True)):
        is_scene = number < len(scene.raw)  # those of cameras take another way to their centers
        rtol, atol = (1e-6, 1e-9) if is_scene else (1e-4, 1e-6)
        torch.testing.assert_close(other, one, rtol=rtol, atol=atol)
        assert one is None or one.is_leaf


def test_gradients_of_several_backward_passes_add_up(tiny_scene, ring):
    scene = _scene(tiny_scene)
    found, copies = render_views(scene, ring[:2], BACKGROUND)
    found.color.sum().backward(retain_graph=True)
    once = copies.grad.clone()
    found.color.sum().backward()
    torch.testing.assert_close(copies.grad, 2 * once)


def test_clipping_leaves_the_gradients_of_the_views_alone(tiny_scene, ring):
    scene = _scene(tiny_scene)
    found, copies = render_views(scene, ring[:1], BACKGROUND)
    found.color.sum().backward()
    before = copies.grad.clone()
    torch.nn.utils.clip_grad_norm_(scene.parameters(), 1e-3)
    assert torch.equal(copies.grad, before)


@pytest.mark.parametrize(
    ("renderer", "is_fused"), [("auto", True), ("cpu", True), ("reference", False)]
)
def test_a_fit_renders_so_where_the_renderer_is_cpu(tiny_scene, ring, renderer, is_fused):
    fitter = SceneFitter(BaseFitConfig(renderer=renderer), 0, ring)
    fitter.set_gaussians(tiny_scene)
    fitter.begin_step(0, 10)
    views = fitter.render_step(ring[:2])
    assert ("_ViewsBackward" in type(views.rendering.color.grad_fn).__name__) == is_fused
    assert views.gaussians.count == 12
