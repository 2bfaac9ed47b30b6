"""Pauses of the garbage collector, in processes of their own: torch must not be loaded before."""

import subprocess
import sys

import pytest

BEGIN = """
import gc, sys
from gaussrep.collector import paused_collector, resume_collector
"""
CASES = {
    "the block ends it": """
with paused_collector():
    print(gc.isenabled())
print(gc.isenabled())
""",
    "resume ends it": """
with paused_collector():
    with paused_collector():
        print(gc.isenabled())
    resume_collector()
    print(gc.isenabled())
""",
    "an error ends it": """
try:
    with paused_collector():
        print(gc.isenabled())
        raise ValueError
except ValueError:
    print(gc.isenabled())
""",
}


def printed(code):
    command = [sys.executable, "-c", BEGIN + code]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    return ran.stdout.split()


@pytest.mark.parametrize("code", CASES.values(), ids=CASES)
def test_a_pause_ends(code):
    assert printed(code) == ["False", "True"]


def test_what_was_made_in_a_pause_is_not_examined():
    code = (
        "with paused_collector():\n    kept = []\nprint(any(x is kept for x in gc.get_objects()))"
    )
    assert printed(code) == ["False"]


@pytest.mark.parametrize("code", ["gc.disable()", "sys.modules['torch'] = sys"])
def test_nothing_changes_where_it_is_off_or_torch_is_loaded(code):
    code += """
before = gc.isenabled()
with paused_collector():
    print(gc.isenabled() == before)
    resume_collector()
    print(gc.isenabled() == before)
print(gc.get_freeze_count())
"""
    assert printed(code) == ["True", "True", "0"]
