"""The core's evaluations, callbacks, optimizers, schedules and strategies."""

from collections.abc import Iterator

from gaussrep.plugins.hookspecs import hookimpl
from gaussrep.plugins.records import (
    CallbackRecord,
    EvaluationRecord,
    OptimizerRecord,
    ScheduleRecord,
    StrategyRecord,
)


@hookimpl
def register_evaluations() -> Iterator[EvaluationRecord]:
    """The evaluations of the core."""
    yield EvaluationRecord(
        name="knn",
        summary="Nearest-neighbor classification of frozen embeddings.",
        target="gaussrep.evaluation.knn:KNN",
        config="gaussrep.evaluation.config:KNNConfig",
    )
    yield EvaluationRecord(
        name="linear-probe",
        summary="A linear classifier on frozen embeddings.",
        target="gaussrep.evaluation.linear_probe:LinearProbe",
        config="gaussrep.evaluation.config:LinearProbeConfig",
    )
    yield EvaluationRecord(
        name="fine-tune",
        summary="The whole encoder trained on labels, by MAE's recipe.",
        target="gaussrep.evaluation.fine_tuning.fine_tune:FineTune",
        config="gaussrep.evaluation.fine_tuning.config:FineTuneConfig",
        requires=("torchvision>=0.25",),
    )
    yield EvaluationRecord(
        name="reconstruction",
        summary="PSNR and SSIM of reconstructed masked pixels.",
        target="gaussrep.evaluation.reconstruction:MaskedReconstruction",
        config="gaussrep.evaluation.config:ReconstructionConfig",
    )
    yield EvaluationRecord(
        name="effective-rank",
        summary="In how many directions embeddings differ; a measure of collapse.",
        target="gaussrep.evaluation.effective_rank:EffectiveRank",
        config="gaussrep.evaluation.config:EffectiveRankConfig",
    )


@hookimpl
def register_callbacks() -> Iterator[CallbackRecord]:
    """Yield the callbacks of the core that a run may list."""
    yield CallbackRecord(
        name="ema",
        summary="Exponential moving average of the weights.",
        target="gaussrep.training.callbacks:EMA",
        config="gaussrep.training.config:EMAConfig",
        run_files=("model-ema.safetensors",),
    )
    yield CallbackRecord(
        name="online-evaluations",
        summary="Evaluations while training; the trainer adds it for a run's `evaluations`.",
        target="gaussrep.evaluation.online:OnlineEvaluations",
        config="gaussrep.evaluation.config:OnlineEvaluationsConfig",
    )


@hookimpl
def register_optimizers() -> Iterator[OptimizerRecord]:
    """Yield the optimizers of the core."""
    yield OptimizerRecord(
        name="adamw",
        summary="Adam with decoupled weight decay; the default.",
        target="gaussrep.training.optimization:adamw",
        config="gaussrep.training.config:AdamWConfig",
    )
    yield OptimizerRecord(
        name="sgd",
        summary="Stochastic gradient descent with momentum.",
        target="gaussrep.training.optimization:sgd",
        config="gaussrep.training.config:SGDConfig",
    )


@hookimpl
def register_schedules() -> Iterator[ScheduleRecord]:
    """Yield the learning-rate schedules of the core."""
    yield ScheduleRecord(
        name="warmup-cosine",
        summary="A linear rise, then half a cosine; the default.",
        target="gaussrep.training.optimization:WarmupCosine",
        config="gaussrep.training.config:WarmupCosineConfig",
    )
    yield ScheduleRecord(
        name="constant",
        summary="A constant learning rate, after a linear warmup if requested.",
        target="gaussrep.training.optimization:Constant",
        config="gaussrep.training.config:ConstantConfig",
    )


@hookimpl
def register_strategies() -> Iterator[StrategyRecord]:
    """The densification strategies of the core."""
    yield StrategyRecord(
        name="default",
        summary="Adaptive density control of 3DGS: clone, split, prune, reset opacities.",
        target="gaussrep.fitting.default_strategy:DefaultStrategy",
        config="gaussrep.fitting.strategy_config:DefaultStrategyConfig",
    )
    yield StrategyRecord(
        name="mcmc",
        summary="3DGS-MCMC: relocate dead Gaussians, add new ones, perturb faint ones.",
        target="gaussrep.fitting.mcmc:MCMCStrategy",
        config="gaussrep.fitting.strategy_config:MCMCStrategyConfig",
    )
