"""Damaged files are read as finite numbers or refused by one sentence; nothing else happens."""

from pathlib import Path

import pytest
from mutants import mutate
from sandbox import find_faults

from readers import READERS, files_of

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/statm").exists(), reason="limits the memory of processes, as Linux does"
)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("name", READERS)
def test_a_valid_file_is_read(name, tmp_path):
    write, read = READERS[name]
    write(tmp_path)
    assert files_of(tmp_path)
    read(tmp_path)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("name", READERS)
def test_mutants_are_read_or_refused(name, tmp_path, number_of_mutants):
    write, read = READERS[name]
    (tmp_path / "case").mkdir()
    write(tmp_path / "case")
    files = files_of(tmp_path / "case")

    def make(number):
        return mutate(files, number, name)

    faults = find_faults(read, make, range(number_of_mutants), tmp_path / "case")
    assert not faults, f"{len(faults)} of {number_of_mutants}:\n" + "\n".join(faults[:40])


def test_mutants_are_the_same_every_time():
    files = {"a": bytes(range(200)), "b": b'{"c": [1, 2]}'}
    assert all(mutate(files, n, "x") == mutate(files, n, "x") for n in range(50))
    assert len({str(mutate(files, n, "x")) for n in range(50)}) > 40
