"""Components that this distribution registers; imports nothing heavy."""

from collections.abc import Iterator

from gaussrep.plugins import (
    CallbackRecord,
    CaptureRecord,
    EncoderRecord,
    LossRecord,
    MethodRecord,
    OptimizerRecord,
    RendererRecord,
    SceneSourceRecord,
    ScheduleRecord,
    StrategyRecord,
    hookimpl,
)


@hookimpl
def register_renderers() -> Iterator[RendererRecord]:
    """The renderers of this distribution."""
    yield RendererRecord(
        name="new-plugin-blobs",
        summary="Round blobs, mixed like fog, without depth order.",
        target="new_plugin.renderer:Blobs",
        devices=frozenset({"cpu", "cuda"}),
        capabilities=frozenset(
            {"differentiable", "depth", "sh", "ortho", "pinhole", "camera_gradients", "float64"}
        ),
        is_reference_equivalent=False,
    )


@hookimpl
def register_encoders() -> Iterator[EncoderRecord]:
    """The encoders of this distribution."""
    yield EncoderRecord(
        name="new-plugin-patches",
        summary="One vector per square patch of an image.",
        target="new_plugin.encoder:Patches",
        config="new_plugin.config:PatchesConfig",
        modality="image",
    )


@hookimpl
def register_losses() -> Iterator[LossRecord]:
    """The losses of this distribution."""
    yield LossRecord(
        name="new-plugin-huber",
        summary="Huber's loss: squares of small errors, absolute values of large ones.",
        target="new_plugin.loss:Huber",
        config="new_plugin.config:HuberConfig",
    )


@hookimpl
def register_methods() -> Iterator[MethodRecord]:
    """The methods of this distribution."""
    yield MethodRecord(
        name="new-plugin",
        summary="Predicts images as blobs.",
        target="new_plugin.method:Sketch",
        config="new_plugin.config:SketchConfig",
        capabilities=frozenset({"gaussians", "embed", "embedding_layers"}),
        presets="new_plugin.presets",
    )


@hookimpl
def register_callbacks() -> Iterator[CallbackRecord]:
    """The callbacks of this distribution."""
    yield CallbackRecord(
        name="new-plugin-weight-norm",
        summary="The norm of all weights, at every step.",
        target="new_plugin.training:WeightNorm",
    )


@hookimpl
def register_optimizers() -> Iterator[OptimizerRecord]:
    """The optimizers of this distribution."""
    yield OptimizerRecord(
        name="new-plugin-lion",
        summary="Lion: steps of one size, in the direction of the momentum's sign.",
        target="new_plugin.training:Lion",
        config="new_plugin.config:LionConfig",
    )


@hookimpl
def register_schedules() -> Iterator[ScheduleRecord]:
    """The learning-rate schedules of this distribution."""
    yield ScheduleRecord(
        name="new-plugin-step-decay",
        summary="A tenth of the learning rate at the end.",
        target="new_plugin.training:StepDecay",
        config="new_plugin.config:StepDecayConfig",
    )


@hookimpl
def register_strategies() -> Iterator[StrategyRecord]:
    """The densification strategies of this distribution."""
    yield StrategyRecord(
        name="new-plugin-prune-faint",
        summary="Remove Gaussians of low opacity.",
        target="new_plugin.fitting:PruneFaint",
    )


@hookimpl
def register_captures() -> Iterator[CaptureRecord]:
    """The capture formats of this distribution."""
    yield CaptureRecord(
        name="new-plugin-arrays",
        summary="Images and cameras in one NumPy file.",
        target="new_plugin.fitting:read_arrays",
        config="gaussrep.fitting:CaptureConfig",
        markers=("capture.npz",),
    )


@hookimpl
def register_scene_sources() -> Iterator[SceneSourceRecord]:
    """The scene sources of this distribution."""
    yield SceneSourceRecord(
        name="new-plugin-boxes",
        summary="Random points in boxes; no images.",
        target="new_plugin.scenes:Boxes",
    )
