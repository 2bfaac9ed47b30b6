"""Compilation in other processes: for the next call, in order, and no matter who fails."""

from importlib import import_module
from textwrap import dedent

import pytest

from gaussrep.kernels import ahead, cache

KERNELS = """
    from gaussrep.kernels import kernel

    @kernel
    def double(x):
        return 2 * x

    @kernel
    def halve(x):
        return x / 2
"""


@pytest.fixture
def kernels(tmp_path, monkeypatch):
    """Kernels that neither this process nor the cache has compiled, on a machine of two cores."""
    folder = str(tmp_path / "cache")
    monkeypatch.setenv("NUMBA_CACHE_DIR", folder)
    monkeypatch.setattr(cache.config, "CACHE_DIR", folder)
    monkeypatch.setattr(ahead, "usable_cores", lambda: 2)
    monkeypatch.syspath_prepend(tmp_path)
    name = f"kernels_of_{tmp_path.name}"
    (tmp_path / f"{name}.py").write_text(dedent(KERNELS))
    cache.cache_folder.cache_clear()
    yield import_module(name)
    cache.cache_folder.cache_clear()


def types_of(kernel):
    return (kernel.typeof_pyval(1.0),)


def finish(kernel):
    """Let the process do a job that it would lose to a quick call."""
    job = ahead._queue._jobs[kernel, types_of(kernel)]
    assert job.done.wait(60)


def test_a_call_takes_what_another_process_has_compiled(kernels):
    ahead.compile_ahead([(kernels.double, (1.0,)), (kernels.halve, (1.0,))])
    finish(kernels.double)
    assert kernels.double(4.0) == 8
    assert sum(kernels.double.stats.cache_hits.values()) == 1
    assert kernels.halve(4.0) == 2


def test_what_no_process_can_compile_is_compiled_here(kernels, monkeypatch):
    monkeypatch.setattr(kernels.double.py_func, "__module__", "there_is_no_such_module")
    ahead.compile_ahead([(kernels.double, (1.0,)), (kernels.halve, (1.0,))])
    finish(kernels.double)
    assert kernels.double(4.0) == 8
    assert sum(kernels.double.stats.cache_hits.values()) == 0
    assert kernels.halve(4.0) == 2


def test_a_job_belongs_to_the_first_who_asks(kernels):
    queue = ahead._Queue()
    jobs = [ahead._Job(kernel, (1.0,)) for kernel in (kernels.double, kernels.halve)]
    queue.add(jobs)
    assert queue.withdraw((kernels.halve, jobs[1].types)) is None
    assert queue.take() is jobs[0]
    assert queue.withdraw((kernels.double, jobs[0].types)) is jobs[0]
    assert queue.take() is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("usable_cores", lambda: 1),
        ("parent_process", lambda: "a data loader"),
        ("cache_folder", lambda: None),
    ],
)
def test_nothing_is_started_where_it_would_not_help(kernels, monkeypatch, name, value):
    monkeypatch.setattr(ahead, name, value)
    monkeypatch.setattr(ahead, "Thread", None)
    ahead.compile_ahead([(kernels.double, (1.0,)), (kernels.halve, (1.0,))])


def test_nothing_is_started_for_one_kernel(kernels, monkeypatch):
    monkeypatch.setattr(ahead, "Thread", None)
    ahead.compile_ahead([(kernels.double, (1.0,))])
