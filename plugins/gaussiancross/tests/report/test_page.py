import json

from gaussrep_gaussiancross.report.page import probe_tables


def test_only_probes_are_read(tmp_path):
    assert probe_tables(tmp_path) == []
    folder = tmp_path / "evaluations"
    folder.mkdir()
    scores = {"own": {"miou": 0.1234, "macc": 0.5, "all_acc": 0.75}, "random": {"miou": 0.01}}
    for name, evaluation in {
        "a": "gaussrep-gaussiancross:semantic-probe",
        "b": "views",
        "c": "semantic-probe",
    }.items():
        record = {"evaluation": evaluation, "step": 40, "scores": scores}
        (folder / f"{name}.json").write_text(json.dumps(record))
    first, second = probe_tables(tmp_path)
    assert first == second
    assert first.header == ("", "mIoU", "mean accuracy", "accuracy")
    assert first.rows == [("own", "12.3%", "50.0%", "75.0%"), ("random", "1.0%", "", "")]
