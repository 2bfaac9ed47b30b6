import pytest
import torch

import gaussrep as gr
from gaussrep.gaussians import Gaussians
from gaussrep.report.images import VIRIDIS
from gaussrep.viewer.colorizer import Colorizer, render_channel
from gaussrep.viewer.scene import ViewerScene

NEAREST, FARTHEST = (torch.tensor(list(bytes.fromhex(VIRIDIS[end]))) / 255 for end in (0, -1))
GRAY = torch.full((3,), 0.5)


@pytest.fixture
def scene():
    """A red disc in front on the left, a blue one behind on the right."""
    features = torch.tensor([[1.0, 0, 0, 0], [0, 0, 0, 1]])
    gaussians = Gaussians(
        means=torch.tensor([[-0.5, 0, 2], [0.8, 0, 4]]),
        quats=torch.tensor([[1.0, 0, 0, 0]]).expand(2, 4),
        scales=torch.full((2, 3), 0.2),
        opacities=torch.tensor([0.9, 0.9]),
        colors=torch.tensor([[1.0, 0, 0], [0, 0, 1]]),
        features=features,
    )
    return ViewerScene("two", gaussians)


@pytest.fixture
def camera():
    eye, ahead, up = torch.zeros(1, 3), torch.tensor([0.0, 0, 1]), torch.tensor([0.0, -1, 0])
    return gr.Cameras.look_at(eye, ahead, up, 64, 48)


def draw(scene, camera, channel):
    colorizer = Colorizer(channel, scene.feature_colors)
    return render_channel(scene.gaussians, camera, "reference", colorizer, GRAY)


def test_color_is_what_the_renderer_draws(scene, camera):
    bare = scene.gaussians.replace(features=None)
    drawn = gr.render(bare, camera, "reference", GRAY).color[0]
    torch.testing.assert_close(draw(scene, camera, "color"), drawn, rtol=0, atol=0)


def test_near_is_bright_and_far_is_dark(scene, camera):
    drawn = gr.render(scene.gaussians, camera, "reference")
    row = draw(scene, camera, "depth")[24]
    over = drawn.alpha[0, 24, :, None]
    near = int((drawn.alpha[0, 24] * (drawn.depth[0, 24] < 3)).argmax())
    far = int((drawn.alpha[0, 24] * (drawn.depth[0, 24] > 3)).argmax())
    torch.testing.assert_close(row[near], over[near] * NEAREST + (1 - over[near]) * GRAY)
    torch.testing.assert_close(row[far], over[far] * FARTHEST + (1 - over[far]) * GRAY)


def test_alpha_is_gray_and_knows_no_background(scene, camera):
    drawn = gr.render(scene.gaussians, camera, "reference")
    image = draw(scene, camera, "alpha")
    assert torch.equal(image, drawn.alpha[0, ..., None].expand(-1, -1, 3))


def test_features_have_the_colors_of_their_gaussians(scene, camera):
    colors = scene.feature_colors.paint(scene.gaussians.features)
    assert (colors[0] - colors[1]).abs().max() > 0.5
    drawn = gr.render(scene.gaussians, camera, "reference")
    place = divmod(int(drawn.alpha[0].argmax()), 64)
    alpha = drawn.alpha[0][place]
    image = draw(scene, camera, "features")
    torch.testing.assert_close(image[place], alpha * colors[0] + (1 - alpha) * GRAY)


def test_splats_are_colored_by_channel(scene):
    gaussians, depths = scene.gaussians, torch.tensor([2.0, 4.0])

    def splats(channel):
        return Colorizer(channel, scene.feature_colors).splats(gaussians, depths)

    assert torch.equal(splats("color"), gaussians.colors)
    assert splats("alpha").eq(1).all()
    torch.testing.assert_close(splats("depth")[0], NEAREST)
    torch.testing.assert_close(splats("features"), scene.feature_colors.paint(gaussians.features))


def test_without_gaussians_there_is_nothing_to_color(scene):
    empty = scene.gaussians[:0]
    assert Colorizer("depth").splats(empty, torch.zeros(0)).shape == (0, 3)
