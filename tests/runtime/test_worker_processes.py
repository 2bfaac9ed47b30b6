"""Worker processes end with their parent, however it ends."""

import os
import subprocess
import sys
from textwrap import dedent

import pytest

POOL = """
    import os, time
    from gaussrep.runtime.worker_processes import worker_pool

    def work(number):
        print("begun", flush=True)
        time.sleep(1000)

    if __name__ == "__main__":
        list(worker_pool(2).map(work, range(2)))
"""

LOADER = """
    import time, torch
    from gaussrep.training import make_loader

    class Endless:
        def __len__(self):
            return 2

        def __getitem__(self, key):
            print("begun", flush=True)
            time.sleep(1000)

    if __name__ == "__main__":
        list(make_loader(Endless(), [[0], [1]], num_workers=2, device=torch.device("cpu")))
"""


@pytest.mark.parametrize("script", [POOL, LOADER])
def test_workers_of_a_killed_process_end(tmp_path, script):
    file = tmp_path / "script.py"
    file.write_text(dedent(script))
    command = [sys.executable, "-W", "ignore", str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        assert [parent.stdout.readline() for _ in range(2)] == ["begun\n"] * 2
        parent.kill()
        rest, _ = parent.communicate(timeout=300)  # until no process holds the pipe
    assert rest == ""


WAITING = """
    import os
    from gaussrep.runtime.worker_processes import worker_pool

    def variables():
        return os.environ["OMP_WAIT_POLICY"], os.environ["KMP_BLOCKTIME"]

    if __name__ == "__main__":
        with worker_pool(1) as pool:
            print(*pool.submit(variables).result())
"""


@pytest.mark.parametrize(
    ("given", "expected"),
    [({}, "passive 0\n"), ({"OMP_WAIT_POLICY": "active", "KMP_BLOCKTIME": "3"}, "active 3\n")],
)
def test_workers_block_while_they_wait_unless_the_user_set_something(tmp_path, given, expected):
    file = tmp_path / "script.py"
    file.write_text(dedent(WAITING))
    ours = ("OMP_WAIT_POLICY", "KMP_BLOCKTIME")
    kept = {name: value for name, value in os.environ.items() if name not in ours}
    done = subprocess.run(
        [sys.executable, str(file)], env=kept | given, capture_output=True, text=True, check=True
    )
    assert done.stdout == expected
