"""Where kernels are interpreted: what makes Triton's interpreter fast enough for tests."""

from types import SimpleNamespace

import pytest

from gaussrep.rendering.triton.loading import is_interpreted


@pytest.fixture(autouse=True, scope="session")
def patched_once():
    """Replace Triton's language by the interpreter's once.

    Triton 3.7 does so for every call of a function within a kernel, which takes 2 ms each.
    """
    if not is_interpreted():
        yield
        return
    from triton import language
    from triton.runtime import interpreter

    everything = {"language": language, "core": language.core}
    scope = interpreter._patch_lang(SimpleNamespace(__globals__=everything))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(interpreter, "_patch_lang", lambda function: interpreter._LangPatchScope())
        yield
    scope.restore()
