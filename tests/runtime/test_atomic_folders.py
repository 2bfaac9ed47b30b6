import pytest

from gaussrep.runtime.atomic_files import atomic_folder


def test_the_folder_is_there_only_when_it_is_whole(tmp_path):
    path = tmp_path / "deep" / "whole"
    with atomic_folder(path) as temporary:
        (temporary / "a").write_text("new")
        assert not path.exists()
    assert (path / "a").read_text() == "new"
    assert list(path.parent.iterdir()) == [path]


def test_a_failure_leaves_what_was_there(tmp_path):
    path = tmp_path / "whole"
    path.mkdir()
    (path / "a").write_text("old")

    def write_half():
        with atomic_folder(path) as temporary:
            (temporary / "a").write_text("ne")
            raise OSError("full")

    with pytest.raises(OSError, match="full"):
        write_half()
    assert (path / "a").read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_killed_process_left_is_not_mixed_in(tmp_path):
    leftover = tmp_path / ".whole.tmp"
    leftover.mkdir()
    (leftover / "stale").touch()
    with atomic_folder(tmp_path / "whole") as temporary:
        (temporary / "a").touch()
    assert [file.name for file in (tmp_path / "whole").iterdir()] == ["a"]
