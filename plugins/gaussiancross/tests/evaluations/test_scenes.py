from gaussrep_gaussiancross.evaluations import scenes as ticker
from gaussrep_gaussiancross.evaluations.scenes import Ticker


def test_only_what_is_slow_prints(capsys, monkeypatch):
    quick = Ticker("scenes", 3)
    quick.tick(1)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(ticker, "SECONDS", 0.0)
    quick.tick(2, "loss 0.5")
    quick.tick(3)
    assert capsys.readouterr().err == "scenes: 2/3  loss 0.5\nscenes: 3/3\n"
