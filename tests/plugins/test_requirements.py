import pytest

from gaussrep.plugins.requirements import install_line, unmet


@pytest.fixture
def packages(site):
    site.add("base", version="1.4.2", entry_points="", requires=["tool>=2; extra == 'fast'"])
    site.add("tool", version="1.0", entry_points="")
    site.add("early", version="2.0rc1", entry_points="")
    loop = ["base[loop]; extra == 'loop'", "absent; extra == 'other'"]
    site.add("cycle", entry_points="", requires=[*loop, "cycle[loop]; extra == 'loop'"])


@pytest.mark.usefixtures("packages")
@pytest.mark.parametrize(
    ("requirement", "met"),
    [
        ("base", True),
        ("BASE", True),
        ("base>=1.4", True),
        ("base>=1.5", False),
        ("base<1.4", False),
        ("base!=1.4.2", False),
        ("absent", False),
        ("absent; python_version < '3'", True),
        ("absent; python_version >= '3'", False),
        ("base[fast]", False),
        ("base[fast]; python_version < '3'", True),
        ("base[unknown]", True),
        ("early>=2.0rc0", True),
        ("early<3", True),
        ("cycle[loop]", True),
        ("cycle[other]", False),
        ("base @ https://example.org/base.whl", True),
        ("absent @ https://example.org/absent.whl", False),
    ],
)
def test_versions_extras_and_markers_are_respected(requirement, met):
    assert unmet([requirement]) == (() if met else (requirement,))


def test_nothing_required_is_met():
    assert unmet([]) == ()


@pytest.mark.parametrize(
    ("requires", "line"),
    [
        (["gsplat>=1.4"], 'pip install "gsplat>=1.4"'),
        (["scikit-image", "scikit-learn"], "pip install scikit-image scikit-learn"),
        (["a[fast]>=1,<2"], 'pip install "a[fast]<2,>=1"'),
        (['a>=1; python_version > "3"'], 'pip install "a>=1"'),
        (["a @ https://example.org/a.whl"], 'pip install "a @ https://example.org/a.whl"'),
    ],
)
def test_the_install_line_can_be_pasted(requires, line):
    assert install_line(requires).replace("a@ ", "a @ ") == line  # as packaging 24 writes it
