from typing import Annotated, ClassVar, Literal

import pytest
from pydantic import Field, ValidationError, field_validator, model_validator

from gaussrep.config import Config
from gaussrep.config.validation_errors import format_validation_error


class Inner(Config):
    lr: float = 1.0
    betas: tuple[float, float] = (0.9, 0.95)
    workers: int | Literal["auto"] = "auto"
    mode: Literal["a", "b"] = "a"

    @field_validator("lr")
    @classmethod
    def _check_lr(cls, lr: float) -> float:
        if lr <= 0:
            raise ValueError("expected a positive number")
        return lr

    @model_validator(mode="after")
    def _check(self) -> "Inner":
        if self.lr == 13:
            raise ValueError("is unlucky")
        return self


class Outer(Config):
    name: str
    inner: Inner = Inner()
    table: dict[str, Annotated[int, Field(ge=0)]] = Field(default={})
    many: list[Inner] = Field(default=[])


def lines(data):
    with pytest.raises(ValidationError) as caught:
        Outer.model_validate(data)
    return format_validation_error(caught.value, data).split("\n")


@pytest.mark.parametrize(
    ("data", "line"),
    [
        ({}, "name: is missing"),
        ({"name": 3}, "name = 3: expected a valid string"),
        ({"inner": {"lr": "fast"}}, "inner.lr = 'fast': expected a valid number"),
        ({"inner": {"lr": -1}}, "inner.lr = -1: expected a positive number"),
        ({"inner": {"lr": 13}}, "inner: is unlucky"),
        ({"inner": {"betas": [1]}}, "inner.betas.1: is missing"),
        ({"inner": {"betas": [1, "x"]}}, "inner.betas.1 = 'x': expected a valid number"),
        (
            {"inner": {"workers": "many"}},
            "inner.workers = 'many': expected a valid integer or 'auto'",
        ),
        ({"inner": {"mode": "c"}}, "inner.mode = 'c': expected 'a' or 'b'"),
        ({"inner": 5}, "inner = 5: expected a valid dictionary or instance of Inner"),
        ({"inner": {"zz": 1}}, "inner.zz = 1: unknown key; there are: betas, lr, mode, workers."),
        ({"lr": 1}, "lr = 1: unknown key; did you mean 'inner.lr'?"),
        ({"table": {"x": -1}}, "table.x = -1: expected greater than or equal to 0"),
        ({"many": [{}, {"mode": 1}]}, "many.1.mode = 1: expected 'a' or 'b'"),
    ],
)
def test_a_mistake_is_one_line(data, line):
    given = data if not data or "name" in data else {"name": "x", **data}
    assert lines(given) == [line]


def test_a_required_key_under_its_old_name_is_not_missing_too():
    class Renamed(Config):
        renamed_keys: ClassVar = {"most": "max_points"}
        max_points: int

    with pytest.raises(ValidationError) as caught:
        Renamed.model_validate({"most": 3})
    line = format_validation_error(caught.value, {"most": 3})
    assert line == "most was renamed to max_points."


def test_every_mistake_has_its_line():
    assert lines({"inner": {"lr": "x", "mode": "y"}, "nmae": 1}) == [
        "name: is missing",
        "inner.lr = 'x': expected a valid number",
        "inner.mode = 'y': expected 'a' or 'b'",
        "nmae = 1: unknown key; did you mean 'name'?",
    ]


def test_a_default_that_only_waits_for_another_field_is_no_mistake():
    class Waiting(Config):
        size: int
        half: int = Field(default_factory=lambda data: data["size"] // 2)

    with pytest.raises(ValidationError) as caught:
        Waiting.model_validate({"size": "x"})
    line = format_validation_error(caught.value, {"size": "x"})
    assert line == "size = 'x': expected a valid integer"


def test_long_values_are_shortened():
    (line,) = lines({"name": ["x" * 1000] * 1000})
    assert len(line) < 500
    assert line.endswith(": expected a valid string")


def test_a_mistake_of_the_whole_has_no_path():
    with pytest.raises(ValidationError) as caught:
        Inner.model_validate({"lr": 13})
    assert format_validation_error(caught.value, {"lr": 13}) == "is unlucky"
