"""Components that gaussrep-gmae registers; imports nothing heavy."""

from collections.abc import Iterator

from gaussrep.plugins import (
    CommandRecord,
    EncoderRecord,
    EvaluationRecord,
    MethodRecord,
    hookimpl,
)

TIMM = ("timm>=1.0.26",)
"""Repeats this distribution's dependency for environments with another timm, such as
nerfstudio's."""


@hookimpl
def register_methods() -> Iterator[MethodRecord]:
    """Yield the methods of this distribution."""
    yield MethodRecord(
        name="gmae",
        summary="Gaussian Masked Autoencoder: reconstructs a masked image as Gaussians.",
        target="gaussrep_gmae.method:GMAE",
        config="gaussrep_gmae.config:GMAEConfig",
        capabilities=frozenset({"gaussians", "embed", "reconstruct", "embedding_layers"}),
        presets="gaussrep_gmae.presets.gmae",
        report="gaussrep_gmae.report:write_report",
        requires=TIMM,
        paper="https://arxiv.org/abs/2501.03229",
    )
    yield MethodRecord(
        name="mae",
        summary="Masked Autoencoder: reconstructs a masked image as pixels; GMAE's baseline.",
        target="gaussrep_gmae.mae:MAE",
        config="gaussrep_gmae.config:MAEConfig",
        capabilities=frozenset({"embed", "reconstruct", "embedding_layers"}),
        presets="gaussrep_gmae.presets.mae",
        report="gaussrep_gmae.report:write_mae_report",
        requires=TIMM,
        paper="https://arxiv.org/abs/2111.06377",
    )


@hookimpl
def register_encoders() -> Iterator[EncoderRecord]:
    """Yield the encoders of this distribution."""
    yield EncoderRecord(
        name="vit",
        summary="Vision transformer of any size, as in MAE: fixed sine-cosine position embeddings.",
        target="gaussrep_gmae.encoder:ViT",
        config="gaussrep_gmae.config:ViTConfig",
        modality="image",
        capabilities=frozenset({"visible_patches"}),
        requires=TIMM,
    )
    yield EncoderRecord(
        name="timm-vit",
        summary="Any vision transformer of timm, by its name.",
        target="gaussrep_gmae.timm_vit:TimmViT",
        config="gaussrep_gmae.config:TimmViTConfig",
        modality="image",
        capabilities=frozenset({"visible_patches"}),
        requires=TIMM,
    )


@hookimpl
def register_commands() -> Iterator[CommandRecord]:
    """Yield the commands of this distribution."""
    yield CommandRecord(
        name="export-vit",
        summary="Write the encoder of a gmae or mae run as a folder that timm loads.",
        target="gaussrep_gmae.export_command:export_vit",
    )


@hookimpl
def register_evaluations() -> Iterator[EvaluationRecord]:
    """Yield the evaluations of this distribution."""
    yield EvaluationRecord(
        name="layers",
        summary="PSNR of the nearest Gaussians, and correlates of their depth order.",
        target="gaussrep_gmae.evaluations.layers:Layers",
        config="gaussrep_gmae.evaluations.config:LayersConfig",
    )
    yield EvaluationRecord(
        name="figure-ground",
        summary="Zero-shot figure-ground segmentation, by intersection over union.",
        target="gaussrep_gmae.evaluations.figure_ground:FigureGround",
        config="gaussrep_gmae.evaluations.config:FigureGroundConfig",
    )
    yield EvaluationRecord(
        name="edges",
        summary="Zero-shot boundaries, by BSDS500's benchmark.",
        target="gaussrep_gmae.evaluations.edges:ZeroShotEdges",
        config="gaussrep_gmae.evaluations.config:EdgesConfig",
        requires=("scikit-image>=0.22", "scipy>=1.15"),
    )
    yield EvaluationRecord(
        name="depth-order",
        summary="Zero-shot depth: accuracy of the order of two pixels.",
        target="gaussrep_gmae.evaluations.depth_order:DepthOrder",
        config="gaussrep_gmae.evaluations.config:DepthOrderConfig",
    )
