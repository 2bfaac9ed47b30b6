import subprocess
import sys


def test_rows_differ_in_method_and_target_alone(script, tmp_path):
    module = script("cifar10")
    comparison = module.make_comparison(
        tmp_path, 7, module.FINE_TUNING, "cpu", ("trainer.batch_size=8",)
    )
    configs = {name: comparison.config(row, 2) for name, row in module.ROWS.items()}
    gmae, mae = configs["GMAE"], configs["MAE"]
    normalized = configs["MAE, normalized target"]
    assert gmae == configs["random encoder"] == configs["chance"]
    assert gmae.trainer == mae.trainer == normalized.trainer
    assert gmae.data == mae.data == normalized.data
    assert (gmae.trainer.steps, gmae.trainer.batch_size, gmae.seed) == (7, 8, 2)
    for name in ("encoder", "decoder", "patch_size", "mask_ratio", "loss"):
        assert getattr(gmae.method, name) == getattr(mae.method, name)
    assert mae.method.model_copy(update={"target": "normalized"}) == normalized.method
    other = configs["GMAE, normalized target"].method
    assert gmae.method.model_copy(update={"target": "normalized"}) == other


def test_mistakes_are_one_line(script, tmp_path):
    file = script("cifar10").__file__
    command = [sys.executable, file, "--root", str(tmp_path), "--out", str(tmp_path / "out.json")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert len(done.stderr.splitlines()) == 1
