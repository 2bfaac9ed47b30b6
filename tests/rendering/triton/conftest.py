"""Where kernels are interpreted: what makes Triton's interpreter fast enough for tests."""

from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from gaussrep.rendering.triton.loading import is_interpreted


@pytest.fixture(autouse=True, scope="session")
def fast_interpreter():
    """Replace Triton's language once, and interpret in a thread of its own.

    Triton 3.7 replaces its language by the interpreter's for every call of a function within a
    kernel, which takes 2 ms each. Python 3.11 maps and unmaps memory for every call that crosses a
    border of 16 KB in a thread's stack of frames; that of pytest ends near one, that of a new
    thread does not.
    """
    if not is_interpreted():
        yield
        return
    from triton import language
    from triton.runtime import interpreter

    everything = {"language": language, "core": language.core}
    scope = interpreter._patch_lang(SimpleNamespace(__globals__=everything))
    execute = interpreter.GridExecutor.__call__
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(1) as thread:
        patch.setattr(interpreter, "_patch_lang", lambda function: interpreter._LangPatchScope())
        patch.setattr(
            interpreter.GridExecutor,
            "__call__",
            lambda *args, **kwargs: thread.submit(execute, *args, **kwargs).result(),
        )
        yield
    scope.restore()
