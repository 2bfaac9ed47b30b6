# ruff: noqa: RUF001
import json

import pytest

TESTS = """
import pytest

class TestThis:
    @pytest.mark.parametrize("x", [1, 2])
    def test_passes(self, x):
        pass

    def test_skips(self):
        pytest.skip("not here")

def test_fails():
    assert 1 == 2

@pytest.fixture
def broken():
    raise RuntimeError

def test_breaks(broken):
    pass
"""


@pytest.fixture
def ran(script, tmp_path):
    """What the script writes of a folder of tests, and its exit code."""
    folder = tmp_path / "plug" / "tests"
    folder.mkdir(parents=True)
    (folder / "test_some.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --import-mode=importlib\n")
    code = script("contract").run(folder, tmp_path / "out.json")
    return code, json.loads((tmp_path / "out.json").read_text())


def test_every_test_is_written_down(ran):
    code, content = ran
    assert code == 1
    assert {name: test["outcome"] for name, test in content["tests"].items()} == {
        "test_some.TestThis.test_passes[1]": "passed",
        "test_some.TestThis.test_passes[2]": "passed",
        "test_some.TestThis.test_skips": "skipped",
        "test_some.test_fails": "failed",
        "test_some.test_breaks": "failed",
    }
    assert content["tests"]["test_some.TestThis.test_skips"]["reason"] == "not here"
    assert content["seconds"] > 0


def test_the_table_counts_by_class_and_reports_what_failed(ran, script, monkeypatch):
    tables = script("tables.pytorch3d")
    content = ran[1] | {"date": "2026-01-02", "command": ["benchmarks/contract.py", "x", "y"]}
    content["machine"] |= {"pytorch3d": "0.7.9"}
    monkeypatch.setattr(tables, "read_results", lambda name: content)
    lines = tables.contract_table().splitlines()
    assert "| `TestThis` | 2 | 1 | 0 |" in lines
    assert "| `test_some` | 0 | 0 | 2 |" in lines
    assert "not here" in lines[-1]
    assert "PyTorch3D 0.7.9" in lines[-1]


def test_the_table_of_speeds(script, monkeypatch):
    def measured(forward, both, **difference):
        times = {"forward": {"median_ms": forward}, "forward+backward": {"median_ms": both}}
        return {"times": times} | ({"difference": difference} if difference else {})

    exact = {"color": {"max": 1e-6, "mean": 1e-8}, "gradients": {"means": 2e-7, "quats": 3e-6}}
    content = {
        "machine": {"cpu": "Some CPU", "cores": 2},
        "date": "2026-01-02",
        "results": [
            {
                "workload": "b16-n256", "threads": 2,
                "cpu": measured(10, 40, **exact),
                "pytorch3d": measured(2000, 6000, **exact),
                "pulsar": measured(100, 100),
            }
        ],
    }  # fmt: skip
    tables = script("tables.pytorch3d")
    monkeypatch.setattr(tables, "read_results", lambda name: content)
    lines = tables.speed_table().splitlines()
    assert (
        lines[3] == "| b16-n256 | `pytorch3d` | 2,000 / 6,000 | 200 / 150 | 1e-06, 1e-08 | 3e-06 |"
    )
    assert lines[4] == "| b16-n256 | `pulsar` | 100 / 100 | 10 / 2 | – | – |"
    assert lines[-1] == "*Medians; threads: 2. Some CPU, 2 cores; 2026-01-02*"
