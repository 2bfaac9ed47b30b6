"""What gaussrep-additive registers; imports nothing heavy."""

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
    """The renderers of this distribution."""
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
    """The encoders of this distribution."""
    yield EncoderRecord(
        name="strided",
        summary="Strided convolutions and residual blocks.",
        target="gaussrep_additive.encoder:StridedEncoder",
        config="gaussrep_additive.config:StridedConfig",
        modality="image",
    )


@hookimpl
def register_losses() -> Iterator[LossRecord]:
    """The losses of this distribution."""
    yield LossRecord(
        name="pyramid",
        summary="Mean squared error of pictures and of their smaller copies.",
        target="gaussrep_additive.loss:PyramidLoss",
        config="gaussrep_additive.config:PyramidConfig",
    )


@hookimpl
def register_methods() -> Iterator[MethodRecord]:
    """The methods of this distribution."""
    yield MethodRecord(
        name="additive",
        summary="Learns to say pictures as sums of 2D Gaussians.",
        target="gaussrep_additive.method:AdditivePictures",
        config="gaussrep_additive.config:AdditiveConfig",
        presets="gaussrep_additive.presets",
        paper="https://arxiv.org/abs/2403.08551",
    )


@hookimpl
def register_commands() -> Iterator[CommandRecord]:
    """The commands of this distribution."""
    yield CommandRecord(
        name="fit-picture",
        summary="Fit a sum of Gaussians to one picture.",
        target="gaussrep_additive.command:fit_picture_command",
    )
