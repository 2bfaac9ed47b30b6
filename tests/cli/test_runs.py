import pytest

from gaussrep.cli.runs import runs
from gaussrep.errors import RunError


def test_the_list(tmp_path, capsys):
    run = tmp_path / "toy-1"
    run.mkdir()
    (run / "config.yaml").write_text("method: {type: toy}\ntrainer: {steps: 8}\n")
    (run / "metrics.csv").write_text("step,lr,loss,val_loss,val_psnr,val_more\n3,1,0.51234,1,2,3\n")
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "config.yaml").write_text("")
    runs(tmp_path)
    head, empty, toy = capsys.readouterr().out.splitlines()
    assert head.split() == ["run", "method", "state", "step", "latest", "left", "written"]
    assert empty.split() == ["empty", "stopped", "0/?"]
    assert toy.split()[:8] == ["toy-1", "toy", "stopped", "3/8", "loss", "0.5123", "val_loss", "1"]
    assert "val_psnr 2" in toy
    assert "val_more" not in toy
    assert toy.endswith(" s ago")


def test_a_folder_without_runs(tmp_path):
    with pytest.raises(RunError, match=r"holds no runs: no folder in it has a config\.yaml"):
        runs(tmp_path)
    with pytest.raises(RunError, match=r"there is no folder .*none; give the folder"):
        runs(tmp_path / "none")
