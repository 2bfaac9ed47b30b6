import pytest

from gaussrep.config import resolve
from gaussrep.errors import ConfigError


def test_defaults_are_the_papers_base_model():
    config = resolve("methods", "gmae")
    assert (config.encoder.width, config.encoder.depth, config.encoder.heads) == (768, 12, 12)
    assert (config.patches, config.visible_patches) == (196, 49)
    assert (config.mask_ratio, config.max_scale, config.loss) == (0.75, 1.0, "masked")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"patch_size": 15}, "patch_size 15 does not divide image_size 224"),
        ({"mask_ratio": 0.999}, "leaves none of 196 patches visible"),
        ({"encoder": {"width": 100, "depth": 1, "heads": 3}}, "width 100 is not a multiple"),
        ({"gausians": 3}, "gaussians"),
        ({"max_scale": 0}, "max_scale"),
    ],
)
def test_mistakes_are_one_clear_line(settings, message):
    with pytest.raises(ConfigError, match=message) as caught:
        resolve("methods", {"type": "gmae", **settings})
    assert len(str(caught.value).splitlines()) == 1
