"""What the plugin says where PyTorch3D is absent, or does not import."""

import subprocess
import sys

import pytest

from gaussrep import plugins
from gaussrep.errors import UnavailableError
from gaussrep.plugins import component
from gaussrep_pytorch3d import library
from gaussrep_pytorch3d.plugin import INSTALL

NAMES = ("pytorch3d", "pulsar")
LISTING = """
import sys
from gaussrep import plugins
from gaussrep.cli.plugins import describe
listed = [describe(component)["name"] for component in plugins.list("renderers")]
print({"pytorch3d", "pulsar"} <= set(listed), "torch" in sys.modules, "pytorch3d" in sys.modules)
"""


@pytest.fixture
def absent(monkeypatch):
    """As if PyTorch3D were not installed."""
    monkeypatch.setattr(component, "unmet", tuple)


def test_listing_imports_neither_torch_nor_pytorch3d():
    command = [sys.executable, "-c", LISTING]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["True", "False", "False"]


@pytest.mark.parametrize("name", NAMES)
def test_where_it_is_absent_the_line_that_builds_it_is_reported(name, absent):
    found = plugins.find("renderers", name)
    with pytest.raises(UnavailableError) as caught:
        found.load()
    output = f"renderer '{name}' of gaussrep-pytorch3d {found.version} needs pytorch3d>=0.7: "
    assert str(caught.value) == output + INSTALL
    assert "--no-build-isolation" in INSTALL


def test_one_that_does_not_import_is_reported_with_its_reason(monkeypatch):
    def broken(name):
        raise ImportError(f"{name}.so: undefined symbol: _ZN3c10\nand more")

    monkeypatch.setattr(library, "import_module", broken)
    library.pytorch3d.cache_clear()
    with pytest.raises(UnavailableError) as caught:
        library.pytorch3d("_C")
    assert str(caught.value) == (
        "PyTorch3D does not import here (pytorch3d._C.so: undefined symbol: _ZN3c10); build it for "
        f"this torch: {INSTALL}"
    )
    library.pytorch3d.cache_clear()


@pytest.mark.parametrize("output", library.WITHOUT_CUDA)
def test_one_that_was_built_without_cuda_is_reported(output):
    cure = r"built without CUDA, .* move them with \.to\('cpu'\), or build it"
    with pytest.raises(UnavailableError, match=cure), library.explain_missing_cuda():
        raise RuntimeError(f"{output}. Exception raised from ...")
    with pytest.raises(RuntimeError, match="else"), library.explain_missing_cuda():
        raise RuntimeError("something else")


@pytest.mark.parametrize("name", NAMES)
def test_auto_prefers_every_other_renderer(name):
    records = {c.name: c.record for c in plugins.list("renderers")}
    for other in ("cpu", "triton", "gsplat", "reference"):
        assert records[name].priority < records[other].priority
    assert records["pytorch3d"].is_reference_equivalent
    assert not records["pulsar"].is_reference_equivalent
    assert "ortho" not in records["pulsar"].capabilities
