"""Components that gaussrep-additive registers; imports nothing heavy."""

from collections.abc import Iterator

from gaussrep.plugins import (
    CommandRecord,
    EncoderRecord,
    LossRecord,
    MethodRecord,
    RendererRecord,
    hookimpl,
)


@hookimpl
def register_renderers() -> Iterator[RendererRecord]:
    """Yield the renderers of this distribution."""
    yield RendererRecord(
        name="additive",
        summary="Sums of Gaussians: no order, no transmittance.",
        target="gaussrep_additive.renderer:AdditiveRenderer",
        config="gaussrep_additive.config:AdditiveRendererConfig",
        devices=frozenset({"cpu", "cuda"}),
        capabilities=frozenset(
            {"differentiable", "features", "sh", "ortho", "pinhole", "camera_gradients", "float64"}
        ),
        is_reference_equivalent=False,
    )


@hookimpl
def register_encoders() -> Iterator[EncoderRecord]:
    """Yield the encoders of this distribution."""
    yield EncoderRecord(
        name="strided",
        summary="Strided convolutions and residual blocks.",
        target="gaussrep_additive.encoder:StridedEncoder",
        config="gaussrep_additive.config:StridedConfig",
        modality="image",
    )


@hookimpl
def register_losses() -> Iterator[LossRecord]:
    """Yield the losses of this distribution."""
    yield LossRecord(
        name="pyramid",
        summary="Mean squared error of images and of their smaller copies.",
        target="gaussrep_additive.loss:PyramidLoss",
        config="gaussrep_additive.config:PyramidConfig",
    )


@hookimpl
def register_methods() -> Iterator[MethodRecord]:
    """Yield the methods of this distribution."""
    yield MethodRecord(
        name="additive",
        summary="Predicts images as sums of 2D Gaussians.",
        target="gaussrep_additive.method:AdditiveImages",
        config="gaussrep_additive.config:AdditiveConfig",
        capabilities=frozenset({"gaussians", "embed", "embedding_layers"}),
        presets="gaussrep_additive.presets",
        paper="https://arxiv.org/abs/2403.08551",
    )


@hookimpl
def register_commands() -> Iterator[CommandRecord]:
    """Yield the commands of this distribution."""
    yield CommandRecord(
        name="fit-image",
        summary="Fit a sum of Gaussians to one image.",
        target="gaussrep_additive.command:fit_image_command",
    )
