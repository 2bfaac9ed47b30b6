import pytest
import torch

from gaussrep.errors import ConfigError
from gaussrep_gaussiancross.config import GaussianCrossConfig

PARTS = ("color_loss", "depth_loss", "semantic_loss")


def losses(method, batch, seed=0):
    torch.manual_seed(seed)
    output = method.training_loss(batch)
    return {name: output.metrics[name].item() for name in PARTS} | {"loss": output.loss.item()}


def test_the_loss_is_the_sum_of_its_parts_and_reaches_every_weight(make_method, make_batch):
    method = make_method(color_weight=2.0, semantic_weight=0.25)
    torch.manual_seed(0)
    output = method.training_loss(make_batch())
    parts = sum(output.metrics[name] for name in PARTS)
    torch.testing.assert_close(output.loss.detach(), parts)
    output.loss.backward()
    silent = [name for name, weight in method.named_parameters() if weight.grad is None]
    assert not silent
    assert 0 < output.metrics["kept_fraction"] <= 1
    assert 1 <= output.metrics["effective_rank"] <= method.point_width


def test_relative_colors_begin_with_those_of_the_points(make_method, make_batch):
    batch = make_batch()
    plain, relative = (
        make_method(color_residual=residual).field(batch).gaussians for residual in (False, True)
    )
    torch.testing.assert_close(relative.opacities, plain.opacities)
    opaque = relative.opacities > 0.7  # where there are points
    colors = relative.colors[opaque]
    assert colors.amin() < 0.3 < 0.7 < colors.amax()  # those of the points are 0.2 and 0.8
    assert plain.colors[opaque].sub(0.5).abs().amax() < 0.2


@pytest.mark.parametrize("name", PARTS)
def test_a_part_of_weight_zero_changes_nothing_but_itself(make_method, make_batch, name):
    batch = make_batch()
    whole = losses(make_method(), batch)
    torch.manual_seed(0)
    method = make_method(**{name.replace("loss", "weight"): 0.0})
    torch.manual_seed(0)
    output = method.training_loss(batch)
    for other in set(PARTS) - {name}:
        assert output.metrics[other].item() == pytest.approx(whole[other], rel=1e-5)
    assert output.metrics.get(name, torch.zeros(())).item() == 0
    assert output.loss.item() == pytest.approx(whole["loss"] - whole[name], rel=1e-4)


@pytest.mark.parametrize("scale", [0.1, 10.0])
def test_normalized_losses_do_not_depend_on_the_unit(make_method, make_batch, scale):
    relative = {"grid_size": None, "voxels_per_side": 40}
    metric = losses(make_method(**relative), make_batch())
    other = losses(make_method(**relative), make_batch(scale=scale))
    assert other == pytest.approx(metric, rel=1e-4)
    in_units = losses(make_method(grid_size=0.1 * scale), make_batch(scale=scale))
    assert in_units == pytest.approx(losses(make_method(), make_batch()), rel=1e-4)


@pytest.mark.parametrize("scale", [0.1, 10.0])
def test_metric_losses_do(make_method, make_batch, scale):
    relative = {"grid_size": None, "voxels_per_side": 40, "normalize": False}
    metric = losses(make_method(**relative), make_batch())
    other = losses(make_method(**relative), make_batch(scale=scale))
    assert abs(other["loss"] / metric["loss"] - 1) > 0.05


def test_missing_depth_does_not_count(make_method, make_batch):
    batch = make_batch()
    method = make_method()
    before = losses(method, batch)
    holes = {"depths": torch.where(batch["depths"] > 7, 0.0, batch["depths"])}
    assert losses(make_method(), batch | holes)["color_loss"] == before["color_loss"]
    none = losses(make_method(), batch | {"depths": torch.zeros_like(batch["depths"])})
    assert none["depth_loss"] == 0


def test_gaussians_come_back_in_the_units_of_the_points(make_method, make_batch):
    batch = make_batch()
    found = make_method().eval().gaussians(batch)
    for scene in range(2):
        points = batch["points"][batch["scene"] == scene]
        means = found.means[scene][found.opacities[scene] > 0]
        assert (means > points.amin(0) - 1.1).all()
        assert (means < points.amax(0) + 1.1).all()


def test_drawing_a_field_or_its_metric_gaussians_gives_one_image(make_method, make_batch):
    import gaussrep as gr
    from gaussrep_gaussiancross.scene_batch import cameras_of

    batch = make_batch()
    method = make_method().eval()
    field = method.field(batch)
    drawn = method.render(field, cameras_of(batch))
    metric = gr.render(method.gaussians(batch), cameras_of(batch), "cpu")
    torch.testing.assert_close(metric.color, drawn.color, atol=1e-3, rtol=0)
    depth = field.cuboid.denormalize_depth(drawn.depth)
    torch.testing.assert_close(metric.depth, depth, atol=1e-2, rtol=1e-3)


def test_points_are_encoded_alone_as_in_company(make_method, make_batch):
    method = make_method().eval()
    both, alone = make_batch(), make_batch(scenes=1)
    features = method.encode_points(both)
    assert features.shape == (len(both["points"]), method.point_width)
    torch.testing.assert_close(
        method.encode_points(alone), features[both["scene"] == 0], atol=1e-5, rtol=1e-4
    )


def test_a_scene_is_embedded_by_the_mean_of_its_points(make_method, make_batch):
    batch = make_batch()
    method = make_method().eval()
    result = method.embed(batch)
    features = method.encode_points(batch)
    torch.testing.assert_close(result.pooled[1], features[batch["scene"] == 1].mean(0))
    assert result.tokens.shape == (2, 930, method.point_width)
    assert not result.tokens[0, 900:].any()


def test_the_teacher_is_no_weight(make_method):
    assert not [name for name in make_method().state_dict() if "teacher" in name]


def test_a_batch_is_learned_by_heart(make_method, make_batch):
    batch = make_batch(scenes=1)
    batch["images"] = batch["images"].mean((-1, -2), keepdim=True).expand_as(batch["images"])
    method = make_method(mask_ratio=0.0, semantic_weight=0.0, depth_weight=0.0)
    optimizer = torch.optim.Adam(method.parameters(), lr=3e-3)
    first = None
    for _ in range(40):
        optimizer.zero_grad()
        loss = method.training_loss(batch).loss
        first = loss.item() if first is None else first
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.6 * first


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"voxels_per_side": 9}, "one of grid_size and voxels_per_side"),
        ({"color_weight": 0, "depth_weight": 0, "semantic_weight": 0}, "are all 0"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(settings, words):
    with pytest.raises(ValueError, match=words):
        GaussianCrossConfig(**settings)


def test_a_teacher_must_look_at_images(make_method):
    with pytest.raises(ConfigError, match="encodes no images"):
        make_method(teacher={"type": "sparse-unet", "size": "tiny"})


def test_a_third_party_encoder_is_pretrained(rooms, make_method, make_batch):
    """The toy distribution registers `surface`, an encoder of another width."""
    method = make_method(backbone={"type": "surface", "width": 12})
    assert type(method.backbone).__name__ == "Surface"
    assert method.point_width == 12
    batch = make_batch()
    method.training_loss(batch).loss.backward()
    assert all(weight.grad is not None for weight in method.parameters())
    assert method.eval().embed(batch).pooled.shape == (2, 12)
    assert method.gaussians(batch).means.shape[0] == 2


@pytest.mark.parametrize("part", ["color", "depth", "semantic"])
def test_a_third_party_loss_replaces_a_part(rooms, make_method, make_batch, part):
    batch = make_batch()
    plain = losses(make_method(**{f"{part}_loss": "l1"}), batch)
    torch.manual_seed(0)
    method = make_method(**{f"{part}_loss": "learned-l1"})
    torch.manual_seed(0)
    output = method.training_loss(batch)
    name = f"{part}_loss"
    assert output.metrics[name].item() == pytest.approx(3 * plain[name], rel=1e-5)
    for other in set(PARTS) - {name}:
        assert output.metrics[other].item() == pytest.approx(plain[other], rel=1e-5)
    output.loss.backward()
    assert any(weight.grad is not None for weight in method.losses.parameters())


def test_a_backbone_must_encode_points(make_method):
    with pytest.raises(ConfigError, match="'statistics' does not encode points; expected"):
        make_method(backbone="statistics")
