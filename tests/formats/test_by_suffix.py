import gzip

import pytest
import torch

from gaussrep import plugins
from gaussrep.errors import AmbiguousNameError, ConfigError, FormatError
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


class Plain(Format):
    """A format without settings."""

    def read(self, path):
        return SCENES["a:ply"]

    def write(self, gaussians, path):
        raise NotImplementedError


def register(monkeypatch, *records):
    components = [
        plugins.Component(record=record, kind="formats", distribution=distribution, version="1")
        for distribution, record in records
    ]
    monkeypatch.setattr(plugins, "list", lambda kind: components)
    monkeypatch.setattr(by_suffix, "build", lambda kind, config: Remembering(config["type"]))


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


@pytest.mark.parametrize("name", ["a.ply", "a.splat", "a.spz", "a.glb", "a.gltf"])
def test_every_format_reads_strictly(tmp_path, scene, name):
    save(scene, tmp_path / name)
    assert load(tmp_path / name, strict=True).count == 3


def test_settings_that_the_format_lacks_are_refused(tmp_path, scene):
    save(scene, tmp_path / "a.ply")
    with pytest.raises(ConfigError, match="axes"):
        load(tmp_path / "a.ply", axes="ply")
    with pytest.raises(ConfigError, match="spz"):
        load(tmp_path / "a.spz", axes="up")


def test_a_format_without_settings_is_read_and_refuses_them(monkeypatch):
    component = plugins.Component(
        record=plugins.FormatRecord(
            name="plain", summary="x", target=f"{__name__}:Plain", suffixes=(".plain",)
        ),
        kind="formats",
        distribution="mine",
        version="1",
    )
    monkeypatch.setattr(plugins, "list", lambda kind: [component])
    monkeypatch.setattr(plugins, "find", lambda kind, name: component)
    assert load("x.plain") is SCENES["a:ply"]
    with pytest.raises(ConfigError, match="axes"):
        load("x.plain", axes="ply")


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


@pytest.mark.parametrize("antialiased", [False, True])
@pytest.mark.parametrize("suffix", ["ply", "compressed.ply", "spz", "sog", "glb", "gltf", "usda"])
def test_files_mark_antialiased_scenes(tmp_path, scene, suffix, antialiased):
    path = tmp_path / f"a.{suffix}"
    save(scene.replace(antialiased=antialiased), path)
    assert load(path).antialiased is antialiased


@pytest.mark.parametrize(
    ("suffix", "who"),
    [("splat", "programs"), *((name, "programs other than gaussrep") for name in ("glb", "usda"))],
)
def test_the_loss_of_the_mark_of_antialiasing_is_logged(tmp_path, scene, suffix, who, caplog):
    path = tmp_path / f"a.{suffix}"
    save(scene, path)
    assert caplog.messages == []
    save(scene.replace(antialiased=True), path)
    assert f"does not mark a scene as antialiased; {who} will render it without" in caplog.text


@pytest.mark.parametrize("color_space", ["srgb", "linear"])
@pytest.mark.parametrize("suffix", ["ply", "glb", "gltf", "usda"])
def test_files_mark_linear_colors(tmp_path, scene, suffix, color_space, caplog):
    save(scene.replace(color_space=color_space), tmp_path / f"a.{suffix}")
    assert load(tmp_path / f"a.{suffix}").color_space == color_space
    assert caplog.messages == []


@pytest.mark.parametrize("suffix", ["splat", "spz", "sog", "compressed.ply"])
def test_the_loss_of_the_mark_of_linear_colors_is_logged(tmp_path, scene, suffix, caplog):
    save(scene.replace(color_space="linear"), tmp_path / f"a.{suffix}")
    assert "does not mark linear colors; programs will show them too dark" in caplog.text


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid", "a.splat", "git lfs pull"),
        (b"\n<!DOCTYPE HTML><html>", "a.ply", "a web page"),
        (gzip.compress(b"ply", mtime=0), "a.ply", "gzip: unpack it, or name it .spz"),
        (b"PK\3\4 more", "a.glb", "name it .sog or .usdz"),
        (b"ply\n", "a.spz", "name it .ply"),
        (b"glTF\2\0\0\0", "a.ply", "name it .glb"),
        (b"NGSP\4\0\0\0", "a.sog", "name it .spz"),
        (b"#usda 1.0", "a.gltf", "name it .usda"),
    ],
)
def test_content_of_another_kind_is_named(refusal, content, name, words):
    assert refusal(content, name).endswith(".")
    assert words in refusal(content, name)


def test_content_as_promised_is_not_named(refusal):
    assert "Its content" not in refusal(b"ply\nformat", "a.ply")
    assert "Its content" not in refusal(gzip.compress(b""), "a.spz")


def test_a_packed_file_is_to_be_unpacked(tmp_path):
    with pytest.raises(FormatError, match=r"known: .*Unpack it first"):
        load(tmp_path / "a.ply.gz")
