import pytest


@pytest.mark.slow
def test_the_example_runs(example, tmp_path, capsys):
    tiny = ["data.image_size=[24,32]", "trainer.device=cpu"]
    example("pretrain_gaussiancross").main(tmp_path, 2, 2, *tiny)
    assert "random backbone" in capsys.readouterr().out
    assert (tmp_path / "run" / "report.html").is_file()
