"""Pauses of the garbage collector, in processes of their own: torch must not be loaded before."""

import subprocess
import sys

import pytest

BEGIN = """
import gc, sys
from gaussrep.runtime.collector import collect, disabled_collector
from gaussrep.runtime.collector import paused_collector, resume_collector
"""
CASES = {
    "a block disables it": """
with disabled_collector():
    with disabled_collector():
        pass
    print(gc.isenabled())
print(gc.isenabled())
""",
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


def test_collect_frees_what_was_made_in_a_pause():
    code = """
import weakref
class Node: pass
with paused_collector():
    node = Node()
    node.itself, seen = node, weakref.ref(node)
del node
gc.collect()
print(seen() is None)
collect()
print(seen() is None)
"""
    assert printed(code) == ["False", "True"]


def test_collect_leaves_what_others_froze():
    code = "gc.freeze()\ncollect()\nprint(gc.get_freeze_count() > 0)"
    assert printed(code) == ["True"]


@pytest.mark.parametrize("code", ["gc.disable()", "sys.modules['torch'] = sys"])
def test_nothing_changes_where_it_is_off_or_torch_is_loaded(code):
    code += """
before, frozen = gc.isenabled(), gc.get_freeze_count()  # Python 3.12 freezes some itself
with paused_collector():
    print(gc.isenabled() == before)
    resume_collector()
    print(gc.isenabled() == before)
print(gc.get_freeze_count() == frozen)
"""
    assert printed(code) == ["True", "True", "True"]
