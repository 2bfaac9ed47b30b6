import importlib.util
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "pretrain_gaussiancross.py"


@pytest.mark.slow
def test_the_example_runs(tmp_path, capsys):
    spec = importlib.util.spec_from_file_location("pretrain_gaussiancross", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    example.main(tmp_path, 2, 2, "data.image_size=[24,32]", "trainer.device=cpu")
    assert "random backbone" in capsys.readouterr().out
    assert (tmp_path / "run" / "report.html").is_file()
