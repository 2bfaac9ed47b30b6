import subprocess
import sys

import pytest

from gaussrep import build, plugins
from gaussrep.config import resolve
from gaussrep.errors import CapabilityError

NAMES = ("layers", "figure-ground", "edges", "depth-order")


@pytest.mark.parametrize("name", NAMES)
def test_registered(name):
    found = plugins.find("evaluations", name)
    assert found.qualified == f"gaussrep-gmae:{name}"
    assert found.load_config().__module__ == "gaussrep_gmae.evaluations.config"
    assert found.load().__module__.startswith("gaussrep_gmae.evaluations.")


def test_settings_never_import_torch():
    code = (
        "import sys\n"
        "from gaussrep.config import resolve\n"
        f"for name in {NAMES}: resolve('evaluations', name)\n"
        "assert not {'torch', 'numpy', 'scipy', 'skimage'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", ["figure-ground", "depth-order"])
def test_made_scenes_are_the_default(name):
    assert resolve("evaluations", name).data.type == "shapes"


@pytest.mark.parametrize("name", NAMES)
def test_other_methods_are_refused(name, evaluate, make_config):
    small = {"width": 32, "depth": 1, "heads": 2}
    settings = {"type": "mae", "image_size": 32, "patch_size": 8, "encoder": small}
    mae = build("methods", resolve("methods", {**settings, "decoder": small}))
    with pytest.raises(CapabilityError, match="got MAE; evaluate a run of gmae"):
        evaluate(name, mae)
