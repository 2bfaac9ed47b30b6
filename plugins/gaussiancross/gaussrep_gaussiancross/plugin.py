"""What gaussrep-gaussiancross registers; imports nothing heavy."""

from collections.abc import Iterator

from gaussrep.plugins import EncoderRecord, hookimpl


@hookimpl
def register_encoders() -> Iterator[EncoderRecord]:
    """The encoders of this distribution."""
    yield EncoderRecord(
        name="sparse-unet",
        summary="SpUNet: a U-Net of sparse convolutions, in torch or by spconv.",
        target="gaussrep_gaussiancross.backbones.sparse_unet:SparseUNet",
        config="gaussrep_gaussiancross.backbones.config:SparseUNetConfig",
        modality="points",
    )
