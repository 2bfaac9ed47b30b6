import pytest

from gaussrep.config import resolve
from gaussrep.errors import ConfigError


@pytest.mark.parametrize("name", ["gmae", "mae"])
def test_defaults_are_the_papers_base_model(name):
    config = resolve("methods", name)
    assert (config.encoder.width, config.encoder.depth, config.encoder.heads) == (768, 12, 12)
    assert (config.decoder.width, config.decoder.depth, config.decoder.heads) == (512, 8, 16)
    assert (config.patches, config.visible_patches) == (196, 49)
    assert (config.mask_ratio, config.loss.type) == (0.75, "mse")
    assert config.loss_region == "masked"


def test_defaults_of_the_gaussians():
    config = resolve("methods", "gmae")
    assert (config.queries, config.gaussians_per_query, config.gaussians) == (256, 1, 256)
    assert (config.max_scale, config.background) == (1.0, "white")


@pytest.mark.parametrize(("old", "region"), [("masked", "masked"), ("whole", "all")])
def test_the_loss_of_an_older_run_is_read_as_the_region(old, region):
    for loss in (old, {"type": old}):
        config = resolve("methods", {"type": "mae", "loss": loss})
        assert (config.loss.type, config.loss_region) == ("mse", region)


def test_gaussians_are_counted_per_query(make_config):
    assert make_config(queries=20, gaussians_per_query=3).gaussians == 60


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"patch_size": 15}, "patch_size 15 does not divide image_size 224"),
        ({"mask_ratio": 0.999}, "leaves none of 196 patches visible"),
        ({"encoder": {"width": 100, "depth": 1, "heads": 3}}, "width 100 is not a multiple"),
        ({"encoder": {"width": 12, "depth": 1, "heads": 3, "mlp_ratio": 0}}, "mlp_ratio"),
        ({"querys": 3}, "queries"),
        ({"gaussians_per_query": 0}, "gaussians_per_query"),
        ({"max_scale": 0}, "max_scale"),
        ({"background": "red"}, "background"),
        ({"encoder_weights": ""}, "encoder_weights"),
    ],
)
def test_mistakes_are_one_clear_line(settings, message):
    with pytest.raises(ConfigError, match=message) as caught:
        resolve("methods", {"type": "gmae", **settings})
    assert len(str(caught.value).splitlines()) == 1
