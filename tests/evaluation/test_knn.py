from math import exp

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gaussrep.errors import CapabilityError, DataError
from gaussrep.evaluation import knn
from gaussrep.evaluation.features import Features
from gaussrep.evaluation.knn import vote

ANGLES = torch.deg2rad(torch.tensor([0.0, 20.0, 25.0, 90.0, 180.0]))
BANK = Features(
    torch.stack([ANGLES.cos(), ANGLES.sin()], dim=1) * torch.tensor([[1.0], [9], [2], [1], [5]]),
    torch.tensor([0, 1, 1, 2, 2]),
)


def at(degrees):
    angle = torch.deg2rad(torch.tensor(degrees))
    return torch.stack([angle.cos(), angle.sin()], dim=-1)


@pytest.mark.parametrize(
    ("query", "k", "temperature", "wanted"),
    [
        (5.0, 1, 1.0, 0),  # the nearest by angle, whatever the lengths
        (5.0, 3, 1.0, 1),  # e^cos(5°) = 2.71 against e^cos(15°) + e^cos(20°) = 5.19
        (5.0, 3, 0.001, 0),  # cold: the nearest outvotes both
        (100.0, 2, 1.0, 2),  # 10° and 75° away
        (100.0, 3, 1.0, 2),
        (20.0, 99, 1.0, 1),  # more neighbors than there are
    ],
)
def test_votes_by_hand(query, k, temperature, wanted):
    found = vote(BANK, at([query]), classes=3, k=k, temperature=temperature)
    assert found.tolist() == [wanted]


@given(
    seed=st.integers(0, 99),
    k=st.integers(1, 12),
    temperature=st.sampled_from([0.07, 0.5, 3.0]),
)
def test_votes_against_a_loop(seed, k, temperature):
    generator = torch.Generator().manual_seed(seed)
    bank = torch.randn(9, 4, generator=generator)
    labels = torch.randint(3, (9,), generator=generator)
    queries = torch.randn(5, 4, generator=generator)
    wanted = []
    for query in queries:
        cosines = [(torch.dot(query, row) / (query.norm() * row.norm())).item() for row in bank]
        nearest = sorted(range(9), key=lambda i: -cosines[i])[:k]
        votes = [0.0] * 3
        for i in nearest:
            votes[labels[i]] += exp(cosines[i] / temperature)
        wanted.append(votes.index(max(votes)))
    found = vote(Features(bank, labels), queries, classes=3, k=k, temperature=temperature)
    assert found.tolist() == wanted


def test_chunks_change_nothing(monkeypatch):
    queries = at([float(angle) for angle in range(0, 180, 7)])
    whole = vote(BANK, queries, classes=3, k=2, temperature=0.07)
    monkeypatch.setattr(knn, "SIMILARITIES", 11)
    assert torch.equal(vote(BANK, queries, classes=3, k=2, temperature=0.07), whole)


def test_images_of_other_colors_are_told_apart(evaluate, make_method):
    method = make_method()
    scores = evaluate("knn", method)
    assert scores.rows == {"looker": {"top1": 1.0}}
    assert scores.facts == {
        "k": 20,
        "train_samples": 48,
        "val_samples": 24,
        "classes": 3,
        "width": 6,
        "chance": pytest.approx(1 / 3),
    }


def test_embeddings_that_say_nothing_give_chance(evaluate, make_method):
    method = make_method()
    torch.nn.init.zeros_(method.norm.weight)
    assert evaluate("knn", method).own["top1"] == pytest.approx(1 / 3)


def test_a_limit_on_the_samples(evaluate, make_method):
    facts = evaluate("knn", make_method(), "limit=10").facts
    assert (facts["train_samples"], facts["val_samples"], facts["k"]) == (10, 10, 10)


def test_a_data_set_without_labels_is_one_sentence(evaluate, make_method):
    with pytest.raises(DataError, match=r"'plain' has no labels .* data=cifar10 data.root=FOLDER"):
        evaluate("knn", make_method(), data="plain")


def test_a_method_that_does_not_embed(evaluate, make_method):
    with pytest.raises(CapabilityError, match="Mute gives no embedding"):
        evaluate("knn", make_method("mute"))
