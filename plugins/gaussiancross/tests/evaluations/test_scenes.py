from gaussrep_gaussiancross.evaluations.scenes import show_progress


def test_loops_show_how_far_they_are(capsys):
    notes = iter(["loss 0.5", ""])
    assert list(show_progress("ab", "scenes", 3, lambda: next(notes))) == ["a", "b"]
    assert capsys.readouterr().err == "scenes …\nscenes 2/3\n"
