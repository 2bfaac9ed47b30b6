import pytest
from hypothesis import given
from hypothesis import strategies as st

from gaussrep.errors import AmbiguousNameError, UnknownNameError
from gaussrep.plugins import Component, LossRecord
from gaussrep.plugins.component import CORE
from gaussrep.plugins.manager import clashes, matching, resolve_name


def loss(distribution, name, version="1.0"):
    record = LossRecord(name=name, summary="S.", target="code:Loss")
    return Component(record, "losses", distribution, version)


MINE, YOURS, CORES = loss("mine", "huber"), loss("your-own", "huber", "2.0"), loss(CORE, "mse")


def test_a_short_name_finds_its_component():
    assert resolve_name([MINE, CORES], "loss", "huber") is MINE


def test_an_ambiguous_name_is_refused_with_both_qualified_names():
    with pytest.raises(AmbiguousNameError) as caught:
        resolve_name([MINE, YOURS], "loss", "huber")
    assert str(caught.value) == (
        "The loss 'huber' is registered by mine 1.0 and your-own 2.0; "
        "write 'mine:huber' or 'your-own:huber'."
    )


@pytest.mark.parametrize("name", ["your-own:huber", "Your_Own:huber"])
def test_a_qualified_name_is_never_ambiguous(name):
    assert resolve_name([MINE, YOURS], "loss", name) is YOURS


def test_a_name_of_the_core_stays_the_cores():
    reuse = loss("mine", "mse")
    assert resolve_name([reuse, CORES], "loss", "mse") is CORES
    assert resolve_name([reuse, CORES], "loss", "mine:mse") is reuse


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("hubr", "There is no loss 'hubr'; did you mean 'huber'?"),
        ("mine:hubr", "There is no loss 'mine:hubr'; did you mean 'mine:huber'?"),
        ("", "There is no loss ''; there are: huber, mse."),
        (":huber", "There is no loss ':huber'; did you mean 'mine:huber'?"),
    ],
)
def test_an_unknown_name_gives_the_nearest(name, hint):
    with pytest.raises(UnknownNameError) as caught:
        resolve_name([MINE, CORES], "loss", name)
    assert str(caught.value) == hint


def test_nothing_installed_is_said():
    with pytest.raises(UnknownNameError, match="there is none"):
        resolve_name([], "encoder", "vit")


def test_every_reuse_of_a_name_is_one_sentence():
    third = loss("zzz", "huber")
    reported = list(clashes([MINE, YOURS, third, CORES, loss("mine", "mse")]))
    assert [origin.distribution for origin, _ in reported] == ["your-own", "zzz", "mine"]
    assert "'your-own:huber' or 'mine:huber'" in reported[0][1]
    assert "is also a name of the core; write 'mine:mse'" in reported[2][1]


def test_one_name_in_two_kinds_is_no_reuse():
    other = Component(MINE.record, "encoders", "your-own", "2.0")
    assert list(clashes([MINE, other])) == []


short = st.from_regex(r"[a-c][a-c0-9-]{0,2}", fullmatch=True)
installed = st.lists(st.tuples(st.sampled_from(["a-b", "c", CORE]), short), unique=True)


@given(installed)
def test_a_qualified_name_means_one_component_whatever_is_installed(pairs):
    components = [loss(*pair) for pair in pairs]
    for component in components:
        assert matching(components, component.qualified) == [component]
        assert component in matching(components, component.name) or any(
            c.distribution == CORE for c in matching(components, component.name)
        )
