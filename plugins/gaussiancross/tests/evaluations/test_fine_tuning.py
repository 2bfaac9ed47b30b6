import pytest
import torch

from gaussrep.errors import DataError, RunError
from gaussrep.training import loop
from gaussrep.training.checkpoint import load_run
from gaussrep.training.run_folder import RunFolder

QUICK = ["steps=30", "lr=0.03", "batch_size=3", "from_scratch=false"]


def state_of(method):
    return {name: value.clone() for name, value in method.state_dict().items()}


def same(first, second):
    return all(torch.equal(value, second[name]) for name, value in first.items())


def test_classes_are_learned_and_the_method_is_left_alone(evaluate, make_feeler, tmp_path):
    method = make_feeler()
    before = state_of(method)
    scores = evaluate("semantic-fine-tune", method, *QUICK, "votes=3", f"folder={tmp_path}")
    assert scores.own["miou"] > 0.9
    assert scores.own.keys() == {"miou", "macc", "all_acc"}
    facts = dict(scores.facts)
    assert facts.pop("iou")["feeler"]["lamp"] is None
    means = facts.pop("all_classes")["feeler"]
    assert means["miou"] == pytest.approx(0.8 * scores.own["miou"])  # no point is a lamp
    assert means["macc"] == pytest.approx(0.8 * scores.own["macc"])
    assert facts == {
        "train_scenes": 6,
        "val_scenes": 2,
        "steps": 30,
        "votes": 3,
        "unseen_classes": [],
    }
    assert same(before, method.state_dict())
    trained = load_run(tmp_path / "pretrained")
    assert type(trained).__name__ == "Segmenter"
    assert not torch.equal(
        trained.base_method.backbone.layers[0].weight, before["backbone.layers.0.weight"]
    )
    assert torch.equal(trained.base_method.decoder.weight, method.decoder.weight)
    assert not (tmp_path / "from-scratch").exists()


def test_one_starts_from_the_methods_weights_and_one_does_not(evaluate, make_feeler, tmp_path):
    method = make_feeler()
    torch.nn.init.constant_(method.backbone.layers[0].weight, 0.123)
    scores = evaluate(
        "semantic-fine-tune", method, "steps=1", "lr=0.001", "batch_size=3", f"folder={tmp_path}"
    )
    assert list(scores.rows) == ["feeler", "from scratch"]
    given, fresh = (
        load_run(tmp_path / name).base_method.backbone.layers[0].weight
        for name in ("pretrained", "from-scratch")
    )
    assert (given - 0.123).abs().max() < 0.01
    assert fresh.std() > 0.05


def test_the_schedule(evaluate, make_feeler, tmp_path):
    evaluate("semantic-fine-tune", make_feeler(), *QUICK, "steps=2", f"folder={tmp_path}")
    trainer = RunFolder(tmp_path / "pretrained").read_config().trainer
    assert trainer.batch_size == 3
    assert trainer.schedule.min_lr == pytest.approx(0.03 * 1e-4)
    assert trainer.weight_decay == 0.05
    large = f"folder={tmp_path / 'large'}"
    evaluate("semantic-fine-tune", make_feeler(), *QUICK, "steps=1", "batch_size=99", large)
    trainer = RunFolder(tmp_path / "large" / "pretrained").read_config().trainer
    assert trainer.batch_size == 6


def test_the_seed_decides(evaluate, make_feeler):
    method = make_feeler()
    first, again, other = (
        evaluate("semantic-fine-tune", method, "steps=3", "batch_size=2", f"seed={seed}")
        for seed in (0, 0, 1)
    )
    assert first == again
    assert first.rows != other.rows


def test_a_killed_one_goes_on_and_a_finished_one_is_read(
    evaluate, make_feeler, tmp_path, monkeypatch
):
    method, settings = make_feeler(), [*QUICK, "steps=20"]
    whole = evaluate("semantic-fine-tune", method, *settings, f"folder={tmp_path / 'whole'}")
    steps, step = iter(range(11)), loop.make_step

    def interrupted(*arguments):
        if next(steps, None) is None:
            raise KeyboardInterrupt
        return step(*arguments)

    monkeypatch.setattr(loop, "make_step", interrupted)
    folder = f"folder={tmp_path / 'parts'}"
    with pytest.raises(KeyboardInterrupt):
        evaluate("semantic-fine-tune", method, *settings, folder)
    monkeypatch.setattr(loop, "make_step", step)
    assert max(RunFolder(tmp_path / "parts" / "pretrained").checkpoints()) == 10
    assert evaluate("semantic-fine-tune", method, *settings, folder) == whole
    monkeypatch.setattr(loop, "make_step", None)
    assert evaluate("semantic-fine-tune", method, *settings, folder) == whole


def test_a_folder_of_other_weights_or_settings_is_refused(evaluate, make_feeler, tmp_path):
    method, settings = make_feeler(), [*QUICK, "steps=1", f"folder={tmp_path}"]
    evaluate("semantic-fine-tune", method, *settings)
    with pytest.raises(RunError, match=r"other settings; remove it, or .* folder=FOLDER"):
        evaluate("semantic-fine-tune", method, *settings, "lr=0.5")
    torch.nn.init.zeros_(method.backbone.layers[0].bias)
    with pytest.raises(RunError, match="training of other weights"):
        evaluate("semantic-fine-tune", method, *settings)


def test_without_a_folder_nothing_is_kept(evaluate, make_feeler, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    evaluate("semantic-fine-tune", make_feeler(), *QUICK, "steps=1", "precision=bf16")
    assert list(tmp_path.iterdir()) == []


def test_a_data_set_without_labels(evaluate, make_feeler):
    with pytest.raises(DataError, match="has a label, and this evaluation needs them"):
        evaluate("semantic-fine-tune", make_feeler(), *QUICK, "data.labeled=false")


INSTANCE_QUICK = [
    "steps=40",
    "lr=0.03",
    "batch_size=3",
    "from_scratch=false",
    "radius=0.11",
    "min_points=40",
]


def test_boxes_are_found_and_the_method_is_left_alone(evaluate, make_feeler, tmp_path):
    method = make_feeler()
    before = {name: value.clone() for name, value in method.state_dict().items()}
    scores = evaluate("instance-fine-tune", method, *INSTANCE_QUICK, f"folder={tmp_path}")
    assert scores.own.keys() == {"ap", "ap50", "ap25"}
    assert scores.own["ap50"] > 0.9
    assert scores.own["ap"] <= scores.own["ap50"] <= scores.own["ap25"]
    aps = scores.facts["class_ap"]["feeler"]
    assert [name for name, ap in aps.items() if ap is not None] == ["chair", "table"]
    assert (aps["chair"] + aps["table"]) / 2 == pytest.approx(scores.own["ap"])
    assert all(torch.equal(value, before[name]) for name, value in method.state_dict().items())
    trained = load_run(tmp_path / "pretrained")
    assert trained.config.stuff == (0, 1)
    assert trained.config.min_points == 40


def test_a_radius_that_is_too_small_finds_nothing(evaluate, make_feeler):
    scores = evaluate("instance-fine-tune", make_feeler(), *INSTANCE_QUICK, "radius=0.001")
    assert scores.own == {"ap": 0.0, "ap50": 0.0, "ap25": 0.0}


def test_both_rows_and_the_same_numbers_again(evaluate, make_feeler):
    method, settings = make_feeler(), [*INSTANCE_QUICK, "from_scratch=true", "steps=6"]
    scores = evaluate("instance-fine-tune", method, *settings)
    assert list(scores.rows) == ["feeler", "from scratch"]
    assert evaluate("instance-fine-tune", method, *settings) == scores


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["data.instances=false"], r"train split has an instance .* \(wall, floor left out\)"),
        (["min_points=5000"], "val split has an instance of at least 5000 points"),
        (["stuff=[wall,floor,chair,table]"], "chair, table left out"),
        (["stuff=[flor]"], "no class 'flor', which stuff names; it has "),
    ],
)
def test_no_objects(evaluate, make_feeler, overrides, message):
    with pytest.raises(DataError, match=message):
        evaluate("instance-fine-tune", make_feeler(), *INSTANCE_QUICK, *overrides)
