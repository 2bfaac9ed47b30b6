import pytest
import torch
from metrics_rows import rows_of

from gaussrep.errors import DataError, RunError
from gaussrep.training import loop
from gaussrep.training.checkpoint import load_run
from gaussrep.training.run_folder import RunFolder

QUICK = [
    "epochs=4",
    "batch_size=8",
    "gradient_accumulation_steps=2",
    "base_lr=0.5",
    "layer_decay=0.9",
]


def same(first, second):
    return all(torch.equal(value, second[name]) for name, value in first.items())


def test_labels_are_learned_and_the_method_is_left_alone(evaluate, make_method, tmp_path):
    method = make_method()
    before = {name: value.clone() for name, value in method.state_dict().items()}
    scores = evaluate("fine-tune", method, *QUICK, f"folder={tmp_path / 'run'}")
    assert scores.own["top1"] > 0.9
    assert scores.facts == {
        "train_samples": 48,
        "classes": 3,
        "epochs": 4,
        "steps": 12,
        "samples_per_step": 16,
        "lr": 0.5 * 16 / 256,
    }
    assert same(before, method.state_dict())
    classifier = load_run(tmp_path / "run")
    assert type(classifier).__name__ == "Classifier"
    assert not torch.equal(classifier.base_method.stem.weight, method.stem.weight)
    assert torch.equal(classifier.base_method.decoder.weight, method.decoder.weight)
    assert scores.own["top1"] == float(rows_of(tmp_path / "run")[-1]["val_top1"])


def test_it_starts_from_the_methods_weights(evaluate, make_method, tmp_path):
    method = make_method()
    torch.nn.init.constant_(method.stem.weight, 0.123)
    folder = tmp_path / "run"
    evaluate(
        "fine-tune",
        method,
        "epochs=1",
        "batch_size=48",
        "gradient_accumulation_steps=1",
        f"folder={folder}",
    )
    assert RunFolder(folder).checkpoints().keys() == {1}
    stem = load_run(folder).base_method.stem.weight
    assert stem.std() < 0.01
    assert not torch.equal(stem, method.stem.weight)
    torch.testing.assert_close(stem, method.stem.weight, atol=0.01, rtol=0)


def test_a_killed_fine_tuning_goes_on_as_if_it_never_was(
    evaluate, make_method, tmp_path, monkeypatch
):
    method = make_method()
    whole = evaluate("fine-tune", method, *QUICK, f"folder={tmp_path / 'whole'}")
    steps = iter(range(8))
    step = loop.make_step

    def interrupted(*arguments):
        if next(steps, None) is None:
            raise KeyboardInterrupt
        return step(*arguments)

    monkeypatch.setattr(loop, "make_step", interrupted)
    with pytest.raises(KeyboardInterrupt):
        evaluate("fine-tune", method, *QUICK, f"folder={tmp_path / 'parts'}")
    monkeypatch.setattr(loop, "make_step", step)
    assert max(RunFolder(tmp_path / "parts").checkpoints()) == 6
    parts = evaluate("fine-tune", method, *QUICK, f"folder={tmp_path / 'parts'}")
    assert parts == whole
    assert rows_of(tmp_path / "parts") == rows_of(tmp_path / "whole")
    weights = [load_run(tmp_path / name).state_dict() for name in ("parts", "whole")]
    assert same(*weights)


def test_a_finished_fine_tuning_is_read_not_made_again(evaluate, make_method, tmp_path):
    method, folder = make_method(), f"folder={tmp_path / 'run'}"
    first = evaluate("fine-tune", method, *QUICK, folder)
    written = (tmp_path / "run" / "model.safetensors").stat().st_mtime_ns
    assert evaluate("fine-tune", method, *QUICK, folder) == first
    assert (tmp_path / "run" / "model.safetensors").stat().st_mtime_ns == written


def test_a_folder_of_other_weights_or_settings_is_refused(evaluate, make_method, tmp_path):
    method, folder = make_method(), f"folder={tmp_path / 'run'}"
    evaluate("fine-tune", method, *QUICK, folder)
    with pytest.raises(RunError, match=r"other settings; remove it, or .* folder=FOLDER"):
        evaluate("fine-tune", method, *QUICK, "label_smoothing=0", folder)
    torch.nn.init.zeros_(method.stem.bias)
    with pytest.raises(RunError, match="training of other weights"):
        evaluate("fine-tune", method, *QUICK, folder)


def test_without_a_folder_nothing_is_kept(evaluate, make_method, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings = ["epochs=1", "batch_size=16", "gradient_accumulation_steps=1", "precision=bf16"]
    assert 0 <= evaluate("fine-tune", make_method(), *settings).own["top1"] <= 1
    assert list(tmp_path.iterdir()) == []


def test_too_few_samples_for_a_step(evaluate, make_method):
    with pytest.raises(DataError, match="holds 48 samples, fewer than the 1024 of one step"):
        evaluate("fine-tune", make_method())


def test_a_data_set_without_labels(evaluate, make_method):
    with pytest.raises(DataError, match="'plain' has no labels"):
        evaluate("fine-tune", make_method(), data="plain")
