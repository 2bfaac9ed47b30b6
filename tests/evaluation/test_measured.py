from gaussrep.training import random_state


def test_nothing_is_left_behind_and_the_seed_decides(evaluate, make_method):
    method = make_method()
    method.train()
    method.norm.eval()
    random_state.seed_all(5, stream=0)
    before = random_state.capture()
    chances = [evaluate("on-colors", method, f"seed={seed}").own["chance"] for seed in (1, 1, 2)]
    after = random_state.capture()
    # the run-time type checks of the tests draw from Python's generator
    for name in ("numpy", "torch"):
        assert str(before[name]) == str(after[name])
    assert chances[0] != chances[2]
    assert method.training
    assert not method.norm.training


def test_it_is_measured_in_evaluation_mode(evaluate, make_method):
    method = make_method()
    method.train()
    assert evaluate("on-colors", method).own["training"] == 0.0
