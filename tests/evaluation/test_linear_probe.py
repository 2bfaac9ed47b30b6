import pytest
import torch

from gaussrep.errors import DataError
from gaussrep.evaluation.features import Features
from gaussrep.evaluation.linear_probe import Heads, accuracies, train_heads


def separable(count, generator, width=6):
    """Two clouds on both sides of a plane, far from the origin and of very unlike channels."""
    labels = torch.randint(2, (count,), generator=generator)
    points = torch.randn(count, width, generator=generator) * 0.3
    points[:, 0] += labels * 4.0 - 2
    scale = torch.logspace(-2, 2, width)
    return Features(points * scale + 50, labels)


def test_a_separable_problem_is_solved(evaluate, make_method):
    generator = torch.Generator().manual_seed(0)
    train, val = separable(200, generator), separable(100, generator)
    torch.manual_seed(0)
    heads = Heads(6, 2, 3)
    train_heads(heads, train, (0.03, 0.3, 1e-9), epochs=30, batch=32)
    solved, too, never = accuracies(heads.eval(), val).tolist()
    assert solved == too == 1.0
    assert never < 1.0


def test_heads_do_not_disturb_each_other():
    """A head learns the same beside another one, of whatever rate, as alone."""
    data = separable(64, torch.Generator().manual_seed(1))
    torch.manual_seed(0)
    one, two = Heads(6, 2, 1), Heads(6, 2, 2)
    with torch.no_grad():
        two.linear.weight[:2] = one.linear.weight
    for heads, lrs in ((one, (0.1,)), (two, (0.1, 3.0))):
        torch.manual_seed(3)
        train_heads(heads, data, lrs, epochs=3, batch=16)
    torch.testing.assert_close(one.linear.weight, two.linear.weight[:2])
    torch.testing.assert_close(one.linear.bias, two.linear.bias[:2])
    torch.testing.assert_close(one.norm.running_var, two.norm.running_var)
    assert not torch.allclose(two.linear.weight[:2], two.linear.weight[2:])


def test_a_rate_is_that_of_sgd():
    """Against torch's SGD at the rate itself, two steps on all samples."""
    torch.manual_seed(0)
    data = Features(torch.randn(8, 6), torch.arange(8) % 2)
    actual, expected = Heads(6, 2, 1), Heads(6, 2, 1)
    expected.load_state_dict(actual.state_dict())
    train_heads(actual, data, (0.2,), epochs=2, batch=8)
    optimizer = torch.optim.SGD(expected.parameters(), lr=0.2, momentum=0.9)
    for factor in (1.0, 0.5):  # half a cosine over two steps
        optimizer.param_groups[0]["lr"] = 0.2 * factor
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(expected(data.pooled)[:, 0], data.labels).backward()
        optimizer.step()
    torch.testing.assert_close(actual.linear.weight, expected.linear.weight)


def test_accuracy_by_hand():
    heads = Heads(2, 2, 1).eval()
    with torch.no_grad():
        heads.linear.weight.copy_(torch.tensor([[1.0, 0], [0, 1]]))
    points = torch.tensor([[2.0, 1], [1, 2], [3, 0], [0, 3]])
    found = accuracies(heads, Features(points, torch.tensor([0, 1, 1, 1])))
    assert found.tolist() == [0.75]


def test_images_of_other_colors_are_told_apart(evaluate, make_method):
    scores = evaluate("linear-probe", make_method(), "epochs=20", "head_batch=16")
    assert scores.rows == {"looker": {"top1": 1.0}}
    assert scores.facts["lr"] in (0.01, 0.03, 0.1, 0.3, 1.0)
    assert list(scores.facts["held_out_top1"]) == ["0.01", "0.03", "0.1", "0.3", "1"]


def test_a_rate_that_cannot_learn_is_not_chosen(evaluate, make_method):
    overrides = ["lrs=[1.0e-9, 0.3]", "epochs=20", "head_batch=16", "held_out=0.4"]
    facts = evaluate("linear-probe", make_method(), *overrides).facts
    assert facts["lr"] == 0.3
    assert facts["held_out_top1"]["1e-09"] < facts["held_out_top1"]["0.3"] == 1.0


def test_labels_without_a_pattern_give_chance(evaluate, make_method):
    """The rate is chosen on training images, so nothing of the validation labels leaks."""
    method = make_method()
    torch.nn.init.zeros_(method.norm.weight)
    top1 = evaluate("linear-probe", method, "epochs=3", "data.held_out=99").own["top1"]
    assert top1 == pytest.approx(1 / 3)


def test_the_seed_decides(evaluate, make_method):
    method = make_method()
    settings = ["epochs=2", "head_batch=8", "data.noise=2.0", "held_out=0.4"]
    first, again, other = (
        evaluate("linear-probe", method, *settings, f"seed={seed}").facts["held_out_top1"]
        for seed in (0, 0, 1)
    )
    assert first == again != other


def test_too_few_samples(evaluate, make_method):
    with pytest.raises(DataError, match="holds 2 samples, too few for a linear probe"):
        evaluate("linear-probe", make_method(), "data.samples=2")
    assert evaluate("linear-probe", make_method(), "data.samples=3", "epochs=1").own["top1"] <= 1
