"""Runs that somebody else made: what their settings name is neither run, read nor written."""

import shutil

import pytest
from PIL import Image

from gaussrep.errors import RunError, UntrustedError
from gaussrep.evaluation.resolve import evaluation_config_of_run
from gaussrep.training import origin
from gaussrep.training.checkpoint import load_run, opened_run
from gaussrep.training.data_places import require_named_data
from gaussrep.training.run_folder import RunFolder
from gaussrep.training.trainer import resume, train
from gaussrep.trust import require_trust, require_trusted_path, trusting
from gaussrep.viewer.sources import make_view_source

STRANGER = "was not made here by you"


@pytest.fixture
def run(configure, tmp_path):
    """A run of this user, on images beside it."""
    for number in range(12):
        path = tmp_path / "images" / f"{number}.png"
        path.parent.mkdir(exist_ok=True)
        Image.new("RGB", (8, 8), (20 * number, 0, 0)).save(path)
    data = ("data=images", f"data.root={tmp_path / 'images'}", "data.image_size=4")
    config = configure(*data, "trainer.steps=2")
    return RunFolder(train(config, tmp_path / "run", trust=["some/code"]).run)


@pytest.fixture
def strangers(run, monkeypatch, tmp_path):
    """The same run on another machine, where the user has another key."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another"))
    return run


def test_the_own_run_is_followed_and_keeps_what_was_trusted(run):
    assert run.trusted() == ("some/code",)
    require_named_data(run, run.read_config().data)
    with opened_run(run):
        require_trust("some/code", "is a repository")
        require_trusted_path(run.path.parent)
    assert resume(run.path, ["trainer.steps=3"]).steps == 3
    assert run.trusted() == ("some/code",)
    copy = RunFolder(shutil.copytree(run.path, run.path.parent / "copy"))
    assert copy.trusted() == ("some/code",)


def test_settings_that_were_changed_by_hand_are_a_strangers(run):
    with run.config_file.open("a", encoding="utf-8") as file:
        file.write("# changed\n")
    assert run.trusted() is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"trusted": 1, "signature": 2}', "[" * 99999])
def test_a_damaged_signature_is_none(run, text):
    (run.path / "origin.json").write_text(text)
    assert run.trusted() is None


def test_a_strangers_data_set_is_opened_only_where_it_is_named(strangers):
    assert strangers.trusted() is None
    root = strangers.read_config().data.root
    cure = f"data.root={root}"
    for call in (
        lambda: evaluation_config_of_run(strangers, "effective-rank"),
        lambda: make_view_source(strangers.path),
    ):
        with pytest.raises(RunError, match=STRANGER) as caught:
            call()
        assert str(caught.value).endswith(cure)
    assert evaluation_config_of_run(strangers, "effective-rank", [cure]).data.root == root
    assert make_view_source(strangers.path, [cure]).samples


def test_what_a_strangers_run_downloads_must_be_named(strangers):
    config = strangers.config_file.read_text(encoding="utf-8")
    start, _, end = config.partition("data:")
    settings = "data:\n  type: cifar10\n  root: run/inside\n  download: true\n"
    rest = end[end.index("\ntrainer:") :]
    strangers.config_file.write_text(start + settings + rest, encoding="utf-8")
    data = strangers.read_config([f"data.root={strangers.path}"]).data
    with pytest.raises(RunError, match=r"data\.download=True"):
        require_named_data(strangers, data, [f"data.root={strangers.path}"])
    require_named_data(strangers, data, ["data.root=x", "data.download=true"])


def test_a_strangers_weights_are_loaded(strangers):
    assert not load_run(strangers.path).training


def test_what_a_strangers_run_names_elsewhere_must_be_trusted(strangers, tmp_path):
    with opened_run(strangers):
        require_trusted_path(strangers.path / "inside")
        with pytest.raises(UntrustedError, match=f"add --trust {tmp_path}"):
            require_trusted_path(tmp_path)
        with pytest.raises(UntrustedError, match="add --trust some/code"):
            require_trust("some/code", "is a repository whose code is run")
    with opened_run(strangers, [str(tmp_path)]):
        require_trusted_path(tmp_path)
    require_trusted_path(tmp_path)


def test_trust_ends_with_the_block():
    with trusting(["a"]), trusting(["b"]):
        require_trust("a", "is code")
        require_trust("b", "is code")
    with pytest.raises(UntrustedError):
        require_trust("a", "is code")


def test_without_a_home_folder_runs_are_made_unsigned(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    signed = origin.sign("config", [])
    assert signed["signature"] == ""
    assert origin.read_trusted("config", signed) is None


def test_the_key_is_made_once_and_is_private(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    signed = origin.sign("config", ["b", "a"])
    assert origin.read_trusted("config", signed) == ("a", "b")
    assert origin.sign("config", ["a", "b"]) == signed
    assert origin.read_trusted("other", signed) is None
    assert origin.read_trusted("config", {**signed, "trusted": ["c"]}) is None
    assert (tmp_path / "gaussrep" / "key").stat().st_mode & 0o077 == 0
