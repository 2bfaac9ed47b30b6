import subprocess
import sys

import pytest

from gaussrep.errors import RunError
from gaussrep.training.run_lock import owned_run

OWN_UNTIL_KILLED = """
import sys, time
from pathlib import Path
from gaussrep.training.run_lock import owned_run
with owned_run(Path(sys.argv[1])):
    print("owned", flush=True)
    time.sleep(600)
"""


def test_the_lock_of_a_killed_process_is_free(tmp_path):
    owner = subprocess.Popen(
        [sys.executable, "-c", OWN_UNTIL_KILLED, tmp_path], stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout is not None
    assert owner.stdout.readline() == "owned\n"
    with pytest.raises(RunError, match=rf"another process \(process {owner.pid} on "):
        owned_run(tmp_path).__enter__()
    owner.kill()
    owner.wait()
    owner.stdout.close()
    with owned_run(tmp_path):
        pass


def test_a_damaged_note_of_the_owner_is_left_out(tmp_path):
    with owned_run(tmp_path):
        (tmp_path / ".owner.json").write_text("[]")
        with pytest.raises(RunError, match="another process; wait until it ends"):
            owned_run(tmp_path).__enter__()


def test_temporary_files_of_a_killed_process_are_removed(tmp_path):
    (tmp_path / f".{'0' * 32}.tmp").touch()
    (tmp_path / ".mine.tmp").touch()
    with owned_run(tmp_path):
        assert {file.name for file in tmp_path.iterdir()} == {".mine.tmp", ".lock", ".owner.json"}
