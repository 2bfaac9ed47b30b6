import pytest
from pydantic import ValidationError

from gaussrep.config import ComponentConfig, Config


class Inner(Config):
    depth: int = 3
    width: int = 8


class Outer(Config):
    inner: Inner = Inner()
    name: str = "x"


def messages(error):
    return {".".join(map(str, e["loc"])): e["msg"] for e in error.errors()}


def test_a_config_is_frozen():
    with pytest.raises(ValidationError, match="frozen"):
        Outer().name = "y"


def test_defaults_are_validated():
    class Wrong(Config):
        size: int = "many"  # pyright: ignore[reportAssignmentType]

    with pytest.raises(ValidationError, match="valid integer"):
        Wrong()


def test_an_unknown_key_gives_the_nearest_at_every_depth():
    with pytest.raises(ValidationError) as caught:
        Outer.model_validate({"nmae": "y", "inner": {"dpth": 1, "width": "x"}, "zzz": 1})
    assert messages(caught.value) == {
        "nmae": "unknown key; did you mean 'name'?",
        "inner.dpth": "unknown key; did you mean 'depth'?",
        "inner.width": "Input should be a valid integer, unable to parse string as an integer",
        "zzz": "unknown key; there are: inner, name.",
    }


def test_a_key_of_a_nested_config_is_found_there():
    with pytest.raises(ValidationError) as caught:
        Outer.model_validate({"depth": 4})
    assert messages(caught.value) == {"depth": "unknown key; did you mean 'inner.depth'?"}


def test_braces_in_a_key_are_only_text():
    with pytest.raises(ValidationError) as caught:
        Outer.model_validate({"{hint}": 4})
    assert messages(caught.value) == {"{hint}": "unknown key; there are: inner, name."}


def test_a_component_config_knows_its_type():
    assert ComponentConfig().type == ""
    assert hash(ComponentConfig(type="cpu")) == hash(ComponentConfig(type="cpu"))


@pytest.mark.parametrize("value", ["inf", "-inf", "nan"])
def test_numbers_must_be_finite(value):
    class Scaled(Config):
        scale: float = 1.0

    with pytest.raises(ValidationError, match="finite number"):
        Scaled(scale=float(value))
