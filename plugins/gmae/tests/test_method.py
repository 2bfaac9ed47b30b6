import pytest
import torch

from gaussrep.errors import DataError
from gaussrep.training.optimization import parameter_groups
from gaussrep_gmae.camera import with_oblique_views
from gaussrep_gmae.patches import Normalization, to_patches
from gaussrep_gmae.position import low_discrepancy_grid, patch_coordinates


def step(method, images):
    torch.manual_seed(3)
    return method.training_loss({"image": images})


@pytest.mark.parametrize(("queries", "each"), [(1, 1), (7, 1), (7, 3), (64, 1)])
def test_number_of_gaussians_is_free_of_the_patch_count(make_method, images, queries, each):
    method = make_method(queries=queries, gaussians_per_query=each)
    assert method.gaussians({"image": images}).opacities.shape == (3, queries * each)


def test_start_spreads_over_the_frame_with_small_scales(make_method, images):
    with torch.no_grad():
        start = make_method(queries=256).gaussians({"image": images})
    quarters = (start.means[..., :2] > 0).float().mean((0, 1))
    assert (quarters - 0.5).abs().max() < 0.1
    assert start.means[..., :2].abs().max() > 0.9
    assert (start.scales / (1 / 8) - 0.2).abs().max() < 0.1
    torch.testing.assert_close(
        start.opacities, torch.full_like(start.opacities, 0.5), atol=0.1, rtol=0
    )


def test_start_attends_to_the_patches_around(make_method):
    decoder = make_method(queries=64).decoder
    places = torch.cat([decoder.places, decoder.queries.detach()])
    attention = decoder.blocks[0].attn
    queries, keys, _ = attention.qkv(decoder.blocks[0].norm1(places)).chunk(3, dim=-1)
    weights = queries[16:] @ keys[:16].T
    at = (low_discrepancy_grid(64) + 1) / 2 * 4 - 0.5
    distance = torch.cdist(at, patch_coordinates(4))
    both = torch.stack([weights.flatten(), distance.flatten()])
    assert torch.corrcoef(both)[0, 1] < -0.5


def test_random_start_clumps_in_the_middle(make_method, images):
    with torch.no_grad():
        start = make_method(queries=256, spread_start=False).gaussians({"image": images})
    assert start.means[..., :2].std() < 0.5


def test_loss_is_the_mean_squared_error_on_masked_pixels(make_method, images):
    method = make_method()
    out = step(method, images)
    torch.manual_seed(3)
    visible = method.random_visible(3)
    with torch.no_grad():
        renderings = method.render(method.decode(images, visible)).color[:, 0]
    expected = []
    for image, rendered, kept in zip(images, renderings, visible, strict=True):
        for patch in set(range(16)) - set(kept.tolist()):
            row, column = divmod(patch, 4)
            rows, columns = slice(8 * row, 8 * row + 8), slice(8 * column, 8 * column + 8)
            error = rendered[rows, columns] - image[:, rows, columns].permute(1, 2, 0)
            expected.append(error.square().mean().item())
    assert out.loss.item() == pytest.approx(sum(expected) / len(expected), rel=1e-5)
    assert out.metrics["psnr"].item() > 0


def test_a_normalized_target_is_compared_with_the_colors_of_the_render(make_method, images):
    """The images borrow the statistics of the input, as those of MAE do."""
    visible = torch.tensor([[0, 5, 6, 11]]).expand(3, 4)
    plain, normalized = (
        make_method(target=target).predict({"image": images}, visible)
        for target in ("plain", "normalized")
    )
    assert normalized.prediction.equal(plain.prediction)
    target = to_patches(normalized.target.permute(0, 3, 1, 2), 8)
    torch.testing.assert_close(target.mean(-1), torch.zeros(3, 16), atol=1e-5, rtol=0)
    shown = Normalization.of(to_patches(images, 8)).undo(to_patches(plain.images, 8))
    torch.testing.assert_close(to_patches(normalized.images, 8), shown.clamp(0, 1))


PARALLAX = torch.tensor([[[0.1, 0.0]], [[0.0, -0.2]], [[0.1, 0.1]]])


@pytest.mark.parametrize(
    ("settings", "has_gradient"),
    [
        ({"other_views_weight": 0}, False),
        ({"other_views_weight": 0, "perspective_size": True}, True),
        ({"other_views_weight": 0, "border_prior": 0.1}, True),
        ({"other_views_weight": 0, "true_depth_weight": 0.1}, True),
        ({}, True),
    ],
    ids=str,
)
def test_depth_gets_a_gradient_only_by_the_losses_on_depth(
    make_method, images, settings, has_gradient
):
    method = make_method(**settings)
    batch = {"image": images, "depth": images.mean(dim=1)}
    batch |= {"other_views": images[:, None], "parallax": PARALLAX}
    method.training_loss(batch).loss.backward()
    assert bool(method.head.start.grad[:, 2].abs().max() > 0) == has_gradient


def test_views_of_the_predicted_gaussians_cost_nothing(make_method, images):
    """The loss on other views is 0 where they are the render, and grows with the wrong parallax."""
    method = make_method()
    torch.manual_seed(3)
    visible = method.random_visible(3)
    gaussians = method.decode(images, visible).detach()
    cameras = with_oblique_views(method.cameras({"image": images}), PARALLAX)
    seen = method.render(gaussians, cameras).color[:, 1:].permute(0, 1, 4, 2, 3)
    batch = {"image": images, "other_views": seen}
    right, wrong = (
        method.predict(batch | {"parallax": each}, visible).metrics["other_views"].item()
        for each in (PARALLAX, -PARALLAX)
    )
    assert right < 1e-10
    assert wrong > 1e-6


def test_supervision_needs_depth(make_method, images):
    with pytest.raises(DataError, match="needs data with `depth`, got image; "):
        step(make_method(true_depth_weight=0.1), images)


def test_border_prior_is_added_to_the_loss_and_logged(make_method, images):
    plain, guided = (step(make_method(border_prior=each), images) for each in (0.0, 0.25))
    far_off = guided.metrics["border_prior"].item()
    assert "border_prior" not in plain.metrics
    assert far_off > 0
    assert guided.loss.item() == pytest.approx(plain.loss.item() + 0.25 * far_off, rel=1e-5)


def test_every_parameter_learns(make_method, images):
    method = make_method(perspective_size=True, background="learned", gaussians_per_query=2)
    step(method, images).loss.backward()
    still = [
        name
        for name, parameter in method.named_parameters()
        if parameter.requires_grad and (parameter.grad is None or parameter.grad.abs().max() == 0)
    ]
    assert still == []
    assert not method.encoder.vit.pos_embed.requires_grad


def test_learns_a_batch_by_heart(make_method, images):
    method = make_method(queries=64)
    smooth = (
        torch.nn.functional.avg_pool2d(images, 16).repeat_interleave(16, 2).repeat_interleave(16, 3)
    )
    optimizer = torch.optim.AdamW(method.parameters(), lr=3e-3)
    losses = []
    for _ in range(60):
        optimizer.zero_grad()
        loss = method.training_loss({"image": smooth}).loss
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert sum(losses[-5:]) < 0.2 * sum(losses[:5])


def test_network_in_bf16_renders_in_fp32(make_method, images):
    method = make_method()
    with torch.autocast("cpu", torch.bfloat16):
        gaussians = method.gaussians({"image": images})
        assert gaussians.dtype == torch.float32
        assert method.render(gaussians).color.dtype == torch.float32
        assert torch.isfinite(step(method, images).loss)


@pytest.mark.parametrize(("background", "level"), [("white", 1.0), ("black", 0.0)])
def test_nothing_is_drawn_but_the_background(make_method, images, background, level):
    method = make_method(background=background)
    nothing = method.gaussians({"image": images}).detach()
    nothing = nothing.replace(opacities=torch.zeros_like(nothing.opacities))
    assert (method.render(nothing).color == level).all()


def test_a_learned_background_starts_gray_and_learns(make_method, images):
    method = make_method(background="learned")
    assert method.background.tolist() == [0.5, 0.5, 0.5]
    step(method, images).loss.backward()
    assert (method.backdrop.raw_color.grad != 0).all()
    decaying = parameter_groups(method, 0.05)[0]["params"]
    assert not any(parameter is method.backdrop.raw_color for parameter in decaying)


def test_queries_start_as_the_successors(make_method):
    queries = make_method(queries=500, spread_start=False).decoder.queries.detach()
    shared = queries.mean(0) - 0.5
    assert shared.abs().max() < 0.15
    assert (queries - shared).min() > -0.1
    assert (queries - shared).max() < 1.1
    assert queries.std(0).mean().item() == pytest.approx(12**-0.5, rel=0.02)
