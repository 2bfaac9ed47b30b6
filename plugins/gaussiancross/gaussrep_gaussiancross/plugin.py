"""Register the components of gaussrep-gaussiancross; imports nothing heavy."""

from collections.abc import Iterator

from gaussrep.plugins import EncoderRecord, EvaluationRecord, MethodRecord, hookimpl


@hookimpl
def register_methods() -> Iterator[MethodRecord]:
    """Register the methods of this distribution.

    Yields:
        Their records.
    """
    yield MethodRecord(
        name="gaussiancross",
        summary="GaussianCross: pretrain point encoders by rendering color, depth and features.",
        target="gaussrep_gaussiancross.method:GaussianCross",
        config="gaussrep_gaussiancross.config:GaussianCrossConfig",
        capabilities=frozenset({"gaussians", "embed"}),
        presets="gaussrep_gaussiancross.presets",
        report="gaussrep_gaussiancross.report:write_report",
        paper="https://arxiv.org/abs/2508.02172",
    )
    yield MethodRecord(
        name="point-segmenter",
        summary="Semantic segmentation: a linear classifier on another method's point features.",
        target="gaussrep_gaussiancross.evaluations.segmenter:Segmenter",
        config="gaussrep_gaussiancross.evaluations.config:SegmenterConfig",
    )
    yield MethodRecord(
        name="point-group",
        summary="Instance segmentation: PointGroup's heads on another method's point features.",
        target="gaussrep_gaussiancross.evaluations.pointgroup:PointGroup",
        config="gaussrep_gaussiancross.evaluations.config:PointGroupConfig",
        requires=("scipy>=1.15",),
        paper="https://arxiv.org/abs/2004.01658",
    )


@hookimpl
def register_encoders() -> Iterator[EncoderRecord]:
    """Register the encoders of this distribution.

    Yields:
        Their records.
    """
    yield EncoderRecord(
        name="sparse-unet",
        summary="SpUNet: a U-Net of sparse convolutions, computed natively or by spconv.",
        target="gaussrep_gaussiancross.backbones.sparse_unet:SparseUNet",
        config="gaussrep_gaussiancross.backbones.config:SparseUNetConfig",
        modality="points",
    )
    yield EncoderRecord(
        name="point-transformer",
        summary="Windowed attention along a space-filling curve, after PTv3, in plain torch.",
        target="gaussrep_gaussiancross.backbones.point_transformer:PointTransformer",
        config="gaussrep_gaussiancross.backbones.config:PointTransformerConfig",
        modality="points",
    )


@hookimpl
def register_evaluations() -> Iterator[EvaluationRecord]:
    """Register the evaluations of this distribution.

    Yields:
        Their records.
    """
    yield EvaluationRecord(
        name="views",
        summary="PSNR and depth error of rendered views of held-out scenes.",
        target="gaussrep_gaussiancross.evaluations.views:RenderedViews",
        config="gaussrep_gaussiancross.evaluations.config:ViewsConfig",
    )
    yield EvaluationRecord(
        name="semantic-probe",
        summary="Semantic segmentation of points by a linear probe on frozen features.",
        target="gaussrep_gaussiancross.evaluations.semantic_probe:SemanticProbe",
        config="gaussrep_gaussiancross.evaluations.config:SemanticProbeConfig",
        presets="gaussrep_gaussiancross.presets.semantic_probe",
    )
    yield EvaluationRecord(
        name="semantic-fine-tune",
        summary="Semantic segmentation of points by fine-tuning the whole backbone.",
        target="gaussrep_gaussiancross.evaluations.fine_tuning:SemanticFineTune",
        config="gaussrep_gaussiancross.evaluations.config:SemanticFineTuneConfig",
        presets="gaussrep_gaussiancross.presets.semantic_fine_tune",
    )
    yield EvaluationRecord(
        name="instance-fine-tune",
        summary="Instance segmentation of points by fine-tuning the backbone with PointGroup.",
        target="gaussrep_gaussiancross.evaluations.fine_tuning:InstanceFineTune",
        config="gaussrep_gaussiancross.evaluations.config:InstanceFineTuneConfig",
        presets="gaussrep_gaussiancross.presets.instance_fine_tune",
        requires=("scipy>=1.15",),
    )
