import pytest
import torch

from gaussrep.cameras import Cameras
from gaussrep.fitting.posed_images import PosedImages
from gaussrep.fitting.view_corrections import Exposure, PoseCorrections, measure_balance
from gaussrep.rendering import Rendering, render

VIEWS = torch.arange(3)


def exposure(views=3, vignetting=True, seed=0):
    torch.manual_seed(seed)
    module = Exposure(views, vignetting=vignetting)
    module.values.data = 0.3 * torch.randn(module.values.shape)
    return module


def test_corrections_change_nothing_at_first(ring):
    color, alpha = torch.rand(3, 5, 7, 3), torch.rand(3, 5, 7)
    found = Exposure(3, vignetting=True)(color, alpha, torch.rand(3), VIEWS)
    torch.testing.assert_close(found, color)
    cameras = PoseCorrections(11)(ring, torch.arange(11), 2.0)
    torch.testing.assert_close(cameras.viewmats, ring.viewmats)


def test_their_mean_over_the_views_is_zero_whatever_the_values():
    module = exposure(views=54)
    module.values.data += 3
    assert module.centered().mean(0).abs().max() < 1e-6
    assert module.centered().abs().max() > 0.1


def test_gains_multiply_the_scene_and_not_the_background():
    module = Exposure(2, vignetting=False)
    module.values.data[0, :3] = torch.tensor([2.0, 0.5, 1.0]).log()
    module.values.data[1, :3] = -module.values.data[0, :3]
    alpha, background = torch.tensor([1.0, 0.25]).expand(1, 2, 2), torch.tensor([0.1, 0.2, 0.3])
    scene = torch.tensor([0.4, 0.4, 0.4])
    behind = (1 - alpha)[..., None] * background
    found = module(alpha[..., None] * scene + behind, alpha, background, torch.tensor([0]))
    expected = alpha[..., None] * scene * torch.tensor([2.0, 0.5, 1.0]) + behind
    torch.testing.assert_close(found, expected)


def test_the_falloff_is_that_of_the_formula():
    module = Exposure(2, vignetting=True)
    module.values.data[:, 12:] = torch.tensor([[-0.4, 0.2], [0.4, -0.2]])
    gray = torch.full((2, 4, 4, 3), 0.5)
    found = module(gray, torch.ones(2, 4, 4), torch.zeros(3), torch.arange(2))
    square = torch.tensor(0.75**2)  # of the corner's pixel center
    expected = 0.5 * (-0.4 * square + 0.2 * square**2).exp()
    torch.testing.assert_close(found[0, 0, 0, 0], expected)
    torch.testing.assert_close(found[0, 0, 0] * found[1, 0, 0], torch.full((3,), 0.25))


@pytest.mark.parametrize("kind", ["exposure", "poses"])
def test_gradients_reach_all_parameters_but_gains(ring, kind, monkeypatch):
    torch.manual_seed(0)
    first = 3 if kind == "exposure" else 0
    if kind == "exposure":
        module = Exposure(3, vignetting=True).double()
        images = torch.rand(3, 2, 3, 3).double(), torch.rand(3, 2, 3).double()
        arguments = *images, torch.rand(3).double(), VIEWS
    else:
        module, arguments = PoseCorrections(3).double(), (ring[:3].to(torch.float64), VIEWS, 2.0)

    monkeypatch.setattr(module, "centered", lambda: module.values)

    start = 0.1 * torch.randn(module.values.shape).double()

    def call(learned):
        values = torch.cat([start[:, :first], learned], dim=1)
        found = torch.func.functional_call(module, {"values": values}, arguments)
        return found if kind == "exposure" else found.viewmats

    assert torch.autograd.gradcheck(call, start[:, first:].clone().requires_grad_())
    if kind == "exposure":
        (module(*arguments).sum() + module.penalty()).backward()
        assert not module.values.grad[:, :first].any()
        assert module.values.grad[:, first:].any(0).all()


def balance(scene, alpha, background, captured, alphas=None, masks=None):
    """The balance of views of 1 x 2 pixels; colors of `scene` and `captured` are premultiplied."""
    cameras = Cameras(torch.eye(4)[None], torch.eye(3)[None], 2, 1)
    color = scene + (1 - alpha)[..., None] * background
    rendering = Rendering(color, alpha, torch.zeros_like(alpha))
    return measure_balance(
        rendering, PosedImages(captured, cameras, alphas, None, masks), background
    )


def test_the_balance_is_the_missing_gain():
    scene, alpha = torch.tensor([[[[0.4, 0.2, 0.1], [0.2, 0.2, 0.5]]]]), torch.ones(1, 1, 2)
    gains = torch.tensor([1.5, 0.8, 1.0])
    means = torch.tensor([0.3, 0.2, 0.3])
    missing = ((means * gains + 1e-3) / (means + 1e-3)).log()
    found = balance(scene, alpha, torch.tensor([0.3, 0.1, 0.2]), gains * scene)
    torch.testing.assert_close(found, missing[None])


def test_transparency_and_masked_pixels_do_not_change_the_balance():
    surface = torch.tensor([[[[0.4, 0.2, 0.1], [0.2, 0.2, 0.5]]]])
    faint, background = torch.full((1, 1, 2), 0.1), torch.tensor([0.3, 0.1, 0.2])
    assert balance(0.1 * surface, faint, background, surface).abs().max() < 1e-5
    alphas = torch.tensor([[[1.0, 0.5]]])
    premultiplied = alphas[..., None] * surface
    assert balance(0.1 * surface, faint, background, premultiplied, alphas).abs().max() < 1e-5
    masks = torch.tensor([[[True, False]]])
    captured = torch.cat([surface[:, :, :1], torch.full((1, 1, 1, 3), torch.nan)], dim=2)
    assert balance(surface, torch.ones(1, 1, 2), background, captured, None, masks).abs().max() == 0


def test_gains_move_half_way_to_their_balance():
    module = Exposure(3, vignetting=False)
    module.move_gains(torch.tensor([2, 0]), torch.tensor([[0.2, 0.4, 0.6], [1.0, 0, 0]]), 0.5)
    assert module.values[:, :3].tolist() == [
        [0.25, 0, 0],
        [0, 0, 0],
        pytest.approx([0.05, 0.1, 0.15]),
    ]
    assert not module.values[:, 3:].any()


def test_a_view_has_a_gradient_to_its_own_row_alone():
    module = exposure()
    image, alpha = torch.rand(1, 5, 7, 3), torch.rand(1, 5, 7)
    module(image, alpha, torch.zeros(3), torch.tensor([1])).sum().backward()
    assert module.values.grad.any(1).tolist() == [False, True, False]


def test_weights_of_another_number_of_views_are_loaded():
    saved = exposure(views=5).state_dict()
    module = Exposure(1, vignetting=True)
    module.load_state_dict(saved)
    assert torch.equal(module.values, saved["values"])


def test_a_pose_turns_the_camera_about_itself(ring, tiny_scene):
    module = PoseCorrections(2)
    module.values.data[0, 1] = 0.2
    module.values.data[1, 1] = -0.2
    turned = module(ring[:2], torch.arange(2), 2.0)
    torch.testing.assert_close(turned.positions, ring[:2].positions)
    assert (render(tiny_scene, turned).color - render(tiny_scene, ring[:2]).color).abs().max() > 0.1
    module.values.data[:, 1] = 0
    module.values.data[:, 3] = torch.tensor([0.1, -0.1])
    moved = module(ring[:2], torch.arange(2), 2.0)
    lengths = (moved.positions - ring[:2].positions).norm(dim=-1)
    torch.testing.assert_close(lengths, torch.tensor([0.2, 0.2]), rtol=1e-4, atol=0)
