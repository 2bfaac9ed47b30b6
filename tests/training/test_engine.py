import sys

import pytest
import torch

from gaussrep.building import build
from gaussrep.errors import ConfigError, GaussrepError, RunError
from gaussrep.training.engine import running_engine
from gaussrep.training.optimization import make_optimizer


def test_precision_and_accumulation_may_change_from_run_to_run(configure):
    for precision in ("fp32", "bf16", "fp32"):
        with running_engine(configure(f"trainer.precision={precision}").trainer) as engine:
            with engine.autocast():
                product = torch.ones(2, 2) @ torch.ones(2, 2)
            assert product.dtype == (torch.bfloat16 if precision == "bf16" else torch.float32)


def test_what_accelerate_refuses_is_one_sentence(configure, monkeypatch):
    def refuse(**_):
        raise ValueError("no such hardware")

    monkeypatch.setattr("gaussrep.training.accelerator.Accelerator", refuse)
    config = configure("trainer.precision=fp16").trainer
    with pytest.raises(ConfigError, match=r"precision=fp16 .* here: no such hardware"):
        running_engine(config).__enter__()


@pytest.mark.skipif(torch.cuda.is_available(), reason="has a CUDA device")
def test_a_missing_gpu_is_one_sentence(configure):
    with pytest.raises(ConfigError, match=r"trainer\.device=cuda, but torch sees no CUDA"):
        running_engine(configure("trainer.device=cuda").trainer).__enter__()


def test_alone_it_is_the_main_of_one(configure):
    with running_engine(configure().trainer) as engine:
        assert (engine.rank, engine.world_size, engine.is_main) == (0, 1, True)
        assert engine.gather({"a": 1}) == [{"a": 1}]
        assert engine.mean(torch.tensor([1.0, 2.0])).tolist() == [1.0, 2.0]


def test_on_main_gives_the_result_or_the_error(configure):
    def fail():
        raise RunError("no")

    with running_engine(configure().trainer) as engine:
        assert engine.on_main(lambda: 3) == 3
        with pytest.raises(GaussrepError, match="no"):
            engine.on_main(fail)


def test_accumulated_gradients_are_those_of_one_big_batch(configure):
    def gradient(accumulate):
        torch.manual_seed(0)
        config = configure(f"trainer.gradient_accumulation_steps={accumulate}", "method.noise=0")
        method = build("methods", config.method)
        with running_engine(config.trainer) as engine:
            engine.prepare(method, [make_optimizer(method, config.trainer)])
            for images in torch.linspace(0, 1, 48).reshape(12, 4).chunk(accumulate):
                engine.backward({"image": images})
            norm = engine.clip_gradient(None)
        return norm, [parameter.grad.clone() for parameter in method.parameters()]

    (one_norm, one), (three_norm, three) = gradient(1), gradient(3)
    assert one_norm == pytest.approx(three_norm, rel=1e-5)
    torch.testing.assert_close(one, three)


def test_clipping_scales_the_gradient(configure):
    config = configure()
    method = build("methods", config.method)
    with running_engine(config.trainer) as engine:
        engine.prepare(method, [make_optimizer(method, config.trainer)])
        engine.backward({"image": torch.ones(4, 4)})
        before = engine.clip_gradient(1e-3)
        assert before > 1e-3
        assert engine.clip_gradient(None) == pytest.approx(1e-3, rel=1e-3)


def test_one_step_moves_the_weights_and_clears_the_gradient(configure):
    config = configure()
    method = build("methods", config.method)
    before = method.inner.weight.clone()
    with running_engine(config.trainer) as engine:
        engine.prepare(method, [make_optimizer(method, config.trainer)])
        engine.backward({"image": torch.rand(4, 4)})
        engine.update()
        assert not torch.equal(method.inner.weight, before)
        assert method.inner.weight.grad is None


def test_a_step_searches_for_no_module(configure, monkeypatch):
    """The optimizers of Accelerate 1.15.0 search sys.path for `lomo_optim` twice per step."""
    searched = []

    class Finder:
        def find_spec(self, name, path=None, target=None):
            searched.append(name)

    config = configure()
    method = build("methods", config.method)
    with running_engine(config.trainer) as engine:
        engine.prepare(method, [make_optimizer(method, config.trainer)])
        for _ in range(2):
            engine.backward({"image": torch.ones(4, 4)})
            engine.update()
            monkeypatch.setattr(sys, "meta_path", [Finder(), *sys.meta_path])
    assert searched == []
