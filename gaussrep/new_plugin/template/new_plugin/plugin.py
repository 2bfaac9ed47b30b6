"""What this distribution registers; imports nothing heavy."""

from collections.abc import Iterator

from gaussrep.plugins import (
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
        name="new-plugin-blobs",
        summary="Round blobs, mixed as a fog is: no depth order.",
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
        summary="One vector per square patch of a picture.",
        target="new_plugin.encoder:Patches",
        config="new_plugin.config:PatchesConfig",
        modality="image",
    )


@hookimpl
def register_losses() -> Iterator[LossRecord]:
    """The losses of this distribution."""
    yield LossRecord(
        name="new-plugin-huber",
        summary="Huber's loss: squares of small errors, sizes of large ones.",
        target="new_plugin.loss:Huber",
        config="new_plugin.config:HuberConfig",
    )


@hookimpl
def register_methods() -> Iterator[MethodRecord]:
    """The methods of this distribution."""
    yield MethodRecord(
        name="new-plugin",
        summary="Learns to say pictures in blobs.",
        target="new_plugin.method:Sketch",
        config="new_plugin.config:SketchConfig",
        presets="new_plugin.presets",
    )
