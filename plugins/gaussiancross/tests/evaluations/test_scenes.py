from gaussrep_gaussiancross.evaluations import scenes
from gaussrep_gaussiancross.evaluations.scenes import log_progress


def test_only_slow_loops_print(capsys, monkeypatch):
    assert list(log_progress("abc", "scenes", 3)) == ["a", "b", "c"]
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(scenes, "LOG_INTERVAL", 0.0)
    notes = iter(["loss 0.5", ""])
    assert list(log_progress("ab", "scenes", 3, lambda: next(notes))) == ["a", "b"]
    assert capsys.readouterr().err == "scenes: 1/3  loss 0.5\nscenes: 2/3\n"
