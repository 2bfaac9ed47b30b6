from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from gaussrep.config import ComponentConfig, Config, component
from gaussrep.config.merge import merge


class Inner(Config):
    depth: int = 3
    width: int = 8
    sizes: list[int] = Field(default=[1])
    table: dict[str, int] = Field(default={"d": 1})


class Holder(Config):
    renderer: Annotated[ComponentConfig, component("renderers")] = ComponentConfig(type="small")


class Outer(Config):
    inner: Inner = Inner(depth=5, table={"own": 1})
    made: Inner = Field(default_factory=lambda: Inner(width=9))
    plain: Inner | None = None
    renderer: Annotated[ComponentConfig, component("renderers")] = ComponentConfig(type="small")
    encoder: Annotated[ComponentConfig, component("encoders")] | None = None
    auto: Annotated[ComponentConfig, component("renderers", auto=True)] = ComponentConfig(
        type="auto"
    )
    named: dict[str, Annotated[ComponentConfig, component("renderers")]] = Field(default={})
    holder: Holder = Holder.model_construct()
    free: dict[str, int] = Field(default={"default": 1})
    dependent: Inner = Field(default_factory=lambda data: Inner())


def test_mappings_merge_and_everything_else_replaces():
    layers = [{"free": {"a": 1, "b": 1}, "x": [1, 2]}, {"free": {"b": 2}, "x": [3]}, {"y": None}]
    assert merge(Outer, layers) == {"free": {"a": 1, "b": 2}, "x": [3], "y": None}


def test_layers_are_not_changed():
    low, high = {"inner": {"depth": 1}}, {"inner": {"width": 2}}
    merge(Outer, [low, high])
    assert (low, high) == ({"inner": {"depth": 1}}, {"inner": {"width": 2}})


def test_what_covers_a_mapping_hides_what_lies_below():
    assert merge(Outer, [{"free": {"a": 1}}, {"free": 3}, {"free": {"b": 2}}]) == {"free": {"b": 2}}


@pytest.mark.usefixtures("zoo")
def test_a_nested_default_keeps_what_was_set_in_it():
    assert Outer.model_validate(merge(Outer, [{"inner": {"width": 1}}])).inner == Inner(
        depth=5, width=1, table={"own": 1}
    )
    assert Outer.model_validate(merge(Outer, [{"made": {"depth": 1}}])).made == Inner(
        depth=1, width=9
    )


def test_a_mapping_replaces_a_default_mapping():
    merged = merge(Outer, [{"inner": {"table": {"new": 2}}, "free": {}}])
    assert merged["inner"]["table"] == {"new": 2}
    assert merged["free"] == {}


def test_a_field_without_a_default_instance_merges_too():
    assert merge(Outer, [{"plain": {"depth": 1}}, {"plain": {"width": 2}}]) == {
        "plain": {"depth": 1, "width": 2}
    }
    assert merge(Outer, [{"dependent": {"depth": 1}}]) == {"dependent": {"depth": 1}}


@pytest.mark.usefixtures("zoo")
@pytest.mark.parametrize(
    ("layers", "merged"),
    [
        ([{"tile": 8}], {"tile": 8, "type": "small"}),
        ([{"tile": 8}, "small"], {"tile": 8, "type": "small"}),
        ([{"tile": 8}, "zoo:small"], {"tile": 8, "type": "zoo:small"}),
        ([{"tile": 8}, "large"], {"type": "large"}),
        ([{"tile": 8}, {"type": "large", "levels": [3]}], {"type": "large", "levels": [3]}),
        (["large", {"tile": 8}], {"tile": 8, "type": "large"}),
        (
            [{"type": "large", "tile": 8}, {"levels": []}],
            {"tile": 8, "levels": [], "type": "large"},
        ),
        (["large", "small", {"tile": 1}], {"tile": 1, "type": "small"}),
        ([{"type": "large", "tile": 8}, "small", "large"], {"type": "large"}),
        ([{"tile": 8}, "nobody"], {"type": "nobody"}),
        ([{"tile": 8}, None], None),
        ([None, {"tile": 8}], {"tile": 8, "type": "small"}),
        ([{"tile": 8}, {"type": 3}], {"type": 3}),
        ([{"tile": 8}, [1]], [1]),
    ],
)
def test_another_type_drops_what_was_reported_about_the_old_one(layers, merged):
    assert merge(Outer, [{"renderer": layer} for layer in layers]) == {"renderer": merged}
    assert merge(Outer, [{"holder": {"renderer": layer}} for layer in layers]) == {
        "holder": {"renderer": merged}
    }


@pytest.mark.usefixtures("zoo")
def test_without_a_default_settings_wait_for_their_type():
    assert merge(Outer, [{"encoder": {"width": 3}}, {"encoder": "nested"}]) == {
        "encoder": {"width": 3, "type": "nested"}
    }


@pytest.mark.usefixtures("zoo")
def test_auto_gives_way_to_a_name():
    assert merge(Outer, [{"auto": "small"}, {"auto": {"tile": 3}}]) == {
        "auto": {"tile": 3, "type": "small"}
    }


@pytest.mark.usefixtures("zoo")
def test_components_inside_components_and_mappings():
    layers = [
        {"encoder": {"type": "nested", "inner": {"tile": 8}}, "named": {"a": {"type": "large"}}},
        {"encoder": {"inner": "large"}, "named": {"a": {"tile": 3}, "b": "small"}},
        {"named": {"a": "small"}},
    ]
    assert merge(Outer, layers) == {
        "encoder": {"inner": {"type": "large"}, "type": "nested"},
        "named": {"a": {"type": "small"}, "b": {"type": "small"}},
    }


@pytest.mark.usefixtures("zoo")
def test_a_default_instance_inside_a_component_keeps_what_was_set_in_it():
    merged = merge(Outer, [{"encoder": {"type": "nested", "inner": {"type": "small"}}}])
    assert merged["encoder"]["inner"] == {"tile": 4, "type": "small"}


class Free(Config):
    pass


trees = st.recursive(
    st.integers(), lambda inner: st.dictionaries(st.sampled_from("abc"), inner), max_leaves=6
)
layers = st.dictionaries(st.sampled_from("xyz"), trees)


@given(layers)
def test_merging_a_layer_with_itself_or_with_nothing_changes_nothing(layer):
    assert merge(Free, [layer, layer]) == merge(Free, [{}, layer, {}]) == layer


@given(layers, layers, layers)
def test_merging_in_steps_is_merging_at_once_where_maps_stay_maps(one, two, three):
    at_once = merge(Free, [one, two, three])
    assert merge(Free, [merge(Free, [one, two]), three]) == at_once
