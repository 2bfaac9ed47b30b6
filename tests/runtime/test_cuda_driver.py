import pytest

from gaussrep.runtime import cuda_driver
from gaussrep.runtime.cuda_driver import missing_cuda


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    missing_cuda.cache_clear()
    yield
    missing_cuda.cache_clear()


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """A machine with or without a driver, and a build of torch."""

    def make(*, driver, torch="2.9.0", amd=False):
        monkeypatch.setattr(cuda_driver, "_has_driver", lambda: driver)
        monkeypatch.setattr(cuda_driver, "_torch_version", lambda: torch)
        monkeypatch.setattr(cuda_driver, "AMD", tmp_path if amd else tmp_path / "none")

    return make


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"driver": True}, None),
        ({"driver": False}, "no NVIDIA driver is installed"),
        ({"driver": False, "amd": True}, None),
        ({"driver": True, "torch": "2.9.0+cpu"}, "torch 2.9.0+cpu is built without CUDA"),
    ],
)
def test_the_reason_that_there_is_no_device(machine, facts, reason):
    machine(**facts)
    assert missing_cuda() == reason


@pytest.mark.parametrize("visible", ["", "-1"])
def test_devices_may_be_hidden(machine, monkeypatch, visible):
    machine(driver=True)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert missing_cuda() == f"CUDA_VISIBLE_DEVICES={visible} hides every device"


def test_a_platform_without_the_driver(monkeypatch):
    monkeypatch.setattr("sys.platform", "darwin")
    assert not cuda_driver._has_driver()
