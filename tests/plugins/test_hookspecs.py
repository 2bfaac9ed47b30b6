import inspect

import pytest

from gaussrep.plugins import hookspecs
from gaussrep.plugins.records import KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_hook_with_one_line_and_an_example(kind):
    hook = getattr(hookspecs, f"register_{kind}")
    assert "\n" not in hook.__doc__
    assert f"`yield {KINDS[kind].__name__}(" in hook.__doc__
    assert KINDS[kind].__name__ in str(inspect.signature(hook))


def test_there_is_no_other_hook():
    hooks = {name for name in vars(hookspecs) if name.startswith("register_")}
    assert hooks == {f"register_{kind}" for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS)
def test_every_hook_is_collected(site, kind):
    facts = {
        "renderers": "devices=frozenset({'cpu'}), capabilities=frozenset()",
        "encoders": "modality='image'",
        "datasets": "modality='points'",
        "formats": "suffixes=('.x',)",
        "captures": "markers=('x.json',)",
    }
    record = (
        f"{KINDS[kind].__name__}(name='own', summary='S.', target='a:B', {facts.get(kind, '')})"
    )
    site.add("plug", f"@hookimpl\ndef register_{kind}():\n    yield {record}")
    assert site.host().find(kind, "own").qualified == "plug:own"
