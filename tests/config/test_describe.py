from typing import Annotated, Literal

import pytest
from pydantic import Field

from gaussrep.config import ComponentConfig, Config, component
from gaussrep.config.describe import describe_settings
from gaussrep.config.field_docs import field_text


class Inner(Config):
    """Settings inside.

    Attributes:
        depth: How deep,
            over two lines.
        other: What follows.
    """

    depth: int = Field(default=3, ge=1, le=9)
    other: bool = True


class Outer(Config):
    inner: Inner = Inner(depth=4)
    """Not shown: its settings are."""
    rates: tuple[float, float] = (0.5, 1e-8)
    """Two
    rates."""
    mode: Literal["a", "b"] | None = None
    """A mode."""
    name: str
    bare: int = 1
    loss: Annotated[ComponentConfig, component("losses")] = ComponentConfig(type="smooth-l1")
    """A loss."""


def rows(model, *arguments, **options):
    found = describe_settings(model, *arguments, **options)
    return {each.path: (each.takes, each.default, each.meaning) for each in found}


def test_what_each_setting_takes():
    assert rows(Outer) == {
        "inner.depth": ("whole number ≥ 1, ≤ 9", "4", "How deep, over two lines."),
        "inner.other": ("`true`, `false`", "true", "What follows."),
        "rates": ("list of 2, each number", "[0.5, 1e-08]", "Two rates."),
        "mode": ("`a`, `b` or `null`", "null", "A mode."),
        "name": ("text", "required", ""),
        "bare": ("whole number", "1", ""),
        "loss": ("a loss", "smooth-l1", "A loss."),
    }


def test_the_settings_of_chosen_components_follow():
    assert rows(Outer, with_components=True)["loss.beta"][:2] == ("number > 0", "0.1")
    chosen = rows(Outer, {"loss": "l1-ssim"}, with_components=True)
    assert "loss.beta" not in chosen
    assert "loss.ssim_weight" in chosen


def test_given_settings_replace_defaults():
    given = {"inner": {"depth": 7}, "name": "x", "loss": {"type": "smooth-l1", "beta": 2.0}}
    found = rows(Outer, given, with_components=True)
    assert found["inner.depth"][1] == "7"
    assert found["name"][1] == "x"
    assert found["loss.beta"][1] == "2"
    assert found["inner.other"][1] == "true"


def test_a_field_without_a_docstring():
    with pytest.raises(LookupError, match=r"Outer\.bare has no docstring"):
        field_text(Outer, "bare")
    with pytest.raises(LookupError, match="has no field none"):
        field_text(Outer, "none")
