import pytest
import torch

from gaussrep import plugins
from gaussrep.errors import AmbiguousNameError, FormatError
from gaussrep.formats import by_suffix
from gaussrep.formats.by_suffix import load, save
from gaussrep.formats.format import Format
from gaussrep.gaussians import Gaussians


def make_scene():
    return Gaussians(
        means=torch.zeros(3, 3),
        quats=torch.ones(3, 4),
        scales=torch.ones(3, 3),
        opacities=torch.full((3,), 0.5),
        colors=torch.full((3, 3), 0.25),
    )


@pytest.fixture
def scene():
    return make_scene()


SCENES = {"a:ply": make_scene(), "b:small": make_scene()}


class Remembering(Format):
    """Stands in for a format and gives a scene that tells which one was asked."""

    def __init__(self, name):
        self.name = name

    def read(self, path):
        return SCENES[self.name]

    def write(self, gaussians, path):
        raise NotImplementedError


def register(monkeypatch, *records):
    components = [
        plugins.Component(record=record, kind="formats", distribution=distribution, version="1")
        for distribution, record in records
    ]
    monkeypatch.setattr(plugins, "list", lambda kind: components)
    monkeypatch.setattr(by_suffix, "build", lambda kind, name: Remembering(name))


def record(name, *suffixes, **abilities):
    return plugins.FormatRecord(
        name=name, summary="x", target="a:B", suffixes=suffixes, **abilities
    )


@pytest.mark.parametrize("name", ["scene.ply", "SCENE.PLY"])
def test_a_ply_file_goes_there_and_back(tmp_path, scene, name):
    save(scene, str(tmp_path / name))
    back = load(tmp_path / name)
    torch.testing.assert_close(back.means, scene.means)
    assert back.sh_degree == 0


def test_an_unknown_suffix_lists_the_known_ones(tmp_path, scene):
    with pytest.raises(FormatError, match=r"scene\.obj: no format reads .* known: .*\.ply"):
        load(tmp_path / "scene.obj")
    with pytest.raises(FormatError, match="no format writes"):
        save(scene, tmp_path / "scene")


def test_a_missing_file_is_one_sentence(tmp_path):
    with pytest.raises(FormatError, match=r"none\.ply: cannot be read: No such file"):
        load(tmp_path / "none.ply")


def test_the_longest_suffix_wins(monkeypatch):
    register(monkeypatch, ("a", record("ply", ".ply")), ("b", record("small", ".Small.PLY")))
    assert load("x.small.ply") is SCENES["b:small"]
    assert load("x.ply") is SCENES["a:ply"]


def test_a_format_that_cannot_read_is_not_asked(monkeypatch):
    register(
        monkeypatch, ("a", record("one", ".one", can_read=False)), ("b", record("two", ".two"))
    )
    with pytest.raises(FormatError, match=r"known: \.two\."):
        load("x.one")


def test_two_claims_on_one_suffix_are_refused_with_both_names(monkeypatch):
    register(monkeypatch, ("a", record("ply", ".ply")), ("b", record("other", ".ply")))
    with pytest.raises(AmbiguousNameError, match="a:ply and b:other both register"):
        load("x.ply")
