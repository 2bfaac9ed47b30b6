"""The width of vectors follows from the processor, or from the environment."""

import pytest

from gaussrep.errors import ConfigError
from gaussrep.kernels import cache, processor

find_width, find_registers = (
    processor.vector_width.__wrapped__,
    processor.register_width.__wrapped__,
)


@pytest.fixture
def processor_named(monkeypatch):
    def name(cpu, features=""):
        monkeypatch.setattr(processor.config, "CPU_NAME", cpu)
        monkeypatch.setattr(processor.config, "CPU_FEATURES", features)

    return name


@pytest.mark.skipif(not processor.is_x86(), reason="names of x86 processors")
@pytest.mark.parametrize(
    ("cpu", "features", "lanes"),
    [
        ("nehalem", "", 4),
        ("haswell", "", 8),
        ("znver3", "", 8),
        ("skylake-avx512", "", 16),
        ("skylake-avx512", "-avx512f", 8),
        ("haswell", "+avx512f", 16),
    ],
)
def test_width_of_a_processor(processor_named, cpu, features, lanes):
    processor_named(cpu, features)
    assert processor.describe_processor() == (cpu, features)
    assert find_registers() == lanes


def test_the_environment_sets_the_width(monkeypatch):
    monkeypatch.delenv(processor.VARIABLE, raising=False)
    assert find_width() == processor.register_width()
    for width in processor.WIDTHS:
        monkeypatch.setenv(processor.VARIABLE, str(width))
        assert find_width() == width
    monkeypatch.setenv(processor.VARIABLE, "5")
    with pytest.raises(ConfigError, match="GAUSSREP_VECTOR_WIDTH is '5', expected 4, 8 or 16"):
        find_width()


def test_kernels_of_another_processor_or_width_have_another_key(processor_named, monkeypatch):
    def double(x):
        return 2 * x

    keys = [cache.compute_key(double)]
    processor_named("generic")
    keys.append(cache.compute_key(double))
    monkeypatch.setattr(cache, "vector_width", lambda: 32)
    keys.append(cache.compute_key(double))
    assert len(set(keys)) == 3
