"""Data sets in memory, batches of the validation split, and numbers that callbacks add to rows."""

import torch

from gaussrep.methods import Method
from gaussrep.training.callback import Callback
from gaussrep.training.callbacks import read_rows
from gaussrep.training.trainer import resume, train


class Numbers:
    """Samples of one number."""

    def __init__(self, count):
        self.asked = []
        self.count = count

    def __len__(self):
        return self.count

    def __getitem__(self, key):
        self.asked.append(key.index)
        return {"image": torch.full((4,), float(key.index)), "index": torch.tensor(key.index)}


class Answer(Callback):
    def annotate(self, state):
        return {"answer": 42 + state.step}


def test_data_sets_in_memory_replace_those_of_the_configuration(configure, tmp_path):
    datasets = {"train": Numbers(12), "val": Numbers(5)}
    train(configure("trainer.steps=3"), tmp_path / "run", datasets=datasets)
    assert len(set(datasets["train"].asked)) == 12
    assert datasets["val"].asked == [0, 1, 2, 3, 4]
    again = {"train": Numbers(12), "val": Numbers(5)}
    resume(tmp_path / "run", ["trainer.steps=4"], datasets=again)
    assert len(again["train"].asked) >= 4


def test_batches_of_the_validation_split_have_a_size_of_their_own(configure, tmp_path, monkeypatch):
    sizes = []
    validation_loss = Method.validation_loss

    def record(self, batch):
        sizes.append(len(batch["index"]))
        return validation_loss(self, batch)

    monkeypatch.setattr(Method, "validation_loss", record)
    datasets = {"train": Numbers(12), "val": Numbers(7)}
    config = configure("trainer.steps=1", "trainer.validation_batch_size=5")
    train(config, tmp_path / "run", datasets=datasets)
    assert sizes == [5, 2]


def test_annotations_are_logged_and_do_not_make_a_step_one_that_is_logged(
    configure, tmp_path, monkeypatch
):
    monkeypatch.setattr(Method, "configure_callbacks", lambda self: [Answer()])
    train(configure("trainer.log_every=4"), tmp_path / "run")
    rows = read_rows(tmp_path / "run" / "metrics.csv")[1]
    assert [(row["step"], row["answer"]) for row in rows] == [
        ("1", "43"), ("3", "45"), ("4", "46"), ("6", "48")
    ]  # fmt: skip
