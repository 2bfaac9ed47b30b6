import pytest
import torch

from gaussrep.fitting.losses import compute_fit_loss, compute_image_metrics
from gaussrep.fitting.posed_images import PosedImages
from gaussrep.losses.config import L1SSIMConfig
from gaussrep.losses.pixel import L1, L1SSIM
from gaussrep.rendering import Rendering


@pytest.fixture
def drawn():
    return Rendering(torch.full((1, 8, 8, 3), 0.5), torch.ones(1, 8, 8), torch.full((1, 8, 8), 2.0))


@pytest.fixture
def camera(ring):
    return ring[:1].replace(width=8, height=8)


def test_weighs_l1_and_ssim(drawn, camera):
    posed_images = PosedImages(torch.full((1, 8, 8, 3), 0.75), camera)
    loss = L1SSIM(L1SSIMConfig(ssim_weight=0.2))
    found = compute_fit_loss(drawn, posed_images, torch.zeros(3), loss)
    ssim = (2 * 0.5 * 0.75 + 1e-4) / (0.25 + 0.5625 + 1e-4)  # flat images differ in mean alone
    assert found.terms["l1"].item() == pytest.approx(0.25)
    assert found.terms["ssim"].item() == pytest.approx(ssim, rel=1e-3)
    assert found.total.item() == pytest.approx(0.8 * 0.25 + 0.2 * (1 - ssim), rel=1e-3)


def test_transparent_images_lie_over_the_background(drawn, camera):
    colors, alphas = torch.full((1, 8, 8, 3), 0.25), torch.full((1, 8, 8), 0.5)
    posed_images = PosedImages(colors, camera, alphas)
    found = compute_fit_loss(drawn, posed_images, torch.full((3,), 0.5), L1())
    assert found.total.item() == 0


def test_depth_counts_where_it_was_measured_and_rendered(ring):
    rendered = Rendering(torch.zeros(1, 8, 8, 3), torch.ones(1, 8, 8), torch.full((1, 8, 8), 2.0))
    rendered.depth[0, 0, 0] = 0
    measured = torch.zeros(1, 8, 8)
    measured[0, 0, :3] = torch.tensor([4.0, 3.0, 2.5])
    images = PosedImages(rendered.color, ring[:1].replace(width=8, height=8), depths=measured)
    found = compute_fit_loss(rendered, images, torch.zeros(3), L1(), depth_weight=1.0)
    assert found.total.item() == pytest.approx((1.0 + 0.5) / 2)
    none = PosedImages(rendered.color, images.cameras, depths=torch.zeros(1, 8, 8))
    assert compute_fit_loss(rendered, none, torch.zeros(3), L1(), depth_weight=1.0).total == 0


def test_masked_pixels_count_nowhere(drawn, camera):
    masks = torch.ones(1, 8, 8, dtype=torch.bool)
    masks[:, :, :4] = False
    colors, depths = torch.full((1, 8, 8, 3), 0.75), torch.full((1, 8, 8), 2.5)
    colors[:, :, :4], depths[:, :, :4] = 0.0, 100.0
    images = PosedImages(colors, camera, depths=depths, masks=masks)
    color = drawn.color.clone().requires_grad_()
    rendering = Rendering(color, drawn.alpha, drawn.depth)
    loss = L1SSIM(L1SSIMConfig())
    found = compute_fit_loss(rendering, images, torch.zeros(3), loss, depth_weight=1.0)
    assert found.terms["l1"].item() == pytest.approx(0.25)
    assert found.terms["depth"].item() == pytest.approx(0.5)
    found.total.backward()
    assert (color.grad[:, :, :4] == 0).all()  # and so densification has no gradient from there
    assert (color.grad[:, :, 4:] != 0).any()
    other = colors.clone()
    other[:, :, :4] = 1.0
    measured = [compute_image_metrics(drawn.color, target, masks) for target in (colors, other)]
    assert measured[0] == measured[1]
    assert measured[0].psnr == pytest.approx(12.04, abs=0.01)


def test_depth_is_measured_in_extents(drawn, camera):
    posed_images = PosedImages(drawn.color, camera, depths=torch.full((1, 8, 8), 3.0))
    loss = L1SSIM(L1SSIMConfig())
    found = compute_fit_loss(
        drawn, posed_images, torch.zeros(3), loss, depth_weight=0.5, extent=4.0
    )
    assert found.terms["depth"].item() == pytest.approx(0.25)
    assert found.total.item() == pytest.approx(0.125, abs=1e-5)
