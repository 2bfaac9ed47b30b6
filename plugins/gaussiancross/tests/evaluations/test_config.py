import subprocess
import sys

import pytest

from gaussrep import plugins
from gaussrep.errors import CapabilityError

NAMES = ("semantic-probe", "semantic-fine-tune", "instance-fine-tune")


@pytest.mark.parametrize("name", NAMES)
def test_registered(name):
    found = plugins.find("evaluations", name)
    assert found.qualified == f"gaussrep-gaussiancross:{name}"
    assert found.load_config().__module__ == "gaussrep_gaussiancross.evaluations.config"
    assert found.load().__module__.startswith("gaussrep_gaussiancross.evaluations.")
    assert found.load().online == (name == "semantic-probe")


def test_settings_never_import_torch():
    code = (
        "import sys\n"
        "from gaussrep import plugins\n"
        "from gaussrep.config import resolve\n"
        f"for name in {NAMES}: resolve('evaluations', name)\n"
        "for name in ('point-segmenter', 'point-group'):\n"
        "    plugins.find('methods', name).load_config()\n"
        "assert not {'torch', 'numpy', 'scipy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", NAMES)
def test_other_methods_are_refused(name, evaluate, make_feeler):
    with pytest.raises(CapabilityError, match="Numb does not encode points"):
        evaluate(name, make_feeler("numb"))
