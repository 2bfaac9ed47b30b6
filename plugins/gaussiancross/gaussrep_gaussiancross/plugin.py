"""What gaussrep-gaussiancross registers; imports nothing heavy."""

from collections.abc import Iterator

from gaussrep.plugins import EncoderRecord, EvaluationRecord, MethodRecord, hookimpl


@hookimpl
def register_methods() -> Iterator[MethodRecord]:
    """The methods of this distribution."""
    yield MethodRecord(
        name="gaussiancross",
        summary="GaussianCross: points, said in Gaussians that explain color, depth and features.",
        target="gaussrep_gaussiancross.method:GaussianCross",
        config="gaussrep_gaussiancross.config:GaussianCrossConfig",
        presets="gaussrep_gaussiancross.presets",
        report="gaussrep_gaussiancross.report:write_report",
        paper="https://arxiv.org/abs/2508.02172",
    )
    yield MethodRecord(
        name="point-segmenter",
        summary="Another method's features of points and a linear head, trained on classes.",
        target="gaussrep_gaussiancross.evaluations.segmenter:Segmenter",
        config="gaussrep_gaussiancross.evaluations.config:SegmenterConfig",
    )
    yield MethodRecord(
        name="point-group",
        summary="Another method's features of points and PointGroup's heads, trained on objects.",
        target="gaussrep_gaussiancross.evaluations.pointgroup:PointGroup",
        config="gaussrep_gaussiancross.evaluations.config:PointGroupConfig",
        requires=("scipy>=1.11.1",),
        paper="https://arxiv.org/abs/2004.01658",
    )


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
    yield EncoderRecord(
        name="point-transformer",
        summary="Attention in windows along a curve, in the manner of PTv3, in plain torch.",
        target="gaussrep_gaussiancross.backbones.point_transformer:PointTransformer",
        config="gaussrep_gaussiancross.backbones.config:PointTransformerConfig",
        modality="points",
    )


@hookimpl
def register_evaluations() -> Iterator[EvaluationRecord]:
    """The evaluations of this distribution."""
    yield EvaluationRecord(
        name="views",
        summary="PSNR and error of depth of rendered views of held-out scenes.",
        target="gaussrep_gaussiancross.evaluations.views:Views",
        config="gaussrep_gaussiancross.evaluations.config:ViewsConfig",
    )
    yield EvaluationRecord(
        name="semantic-probe",
        summary="Classes of points by a linear layer on frozen features.",
        target="gaussrep_gaussiancross.evaluations.semantic_probe:SemanticProbe",
        config="gaussrep_gaussiancross.evaluations.config:SemanticProbeConfig",
    )
    yield EvaluationRecord(
        name="semantic-fine-tune",
        summary="Classes of points, the whole backbone trained on them.",
        target="gaussrep_gaussiancross.evaluations.fine_tuning:SemanticFineTune",
        config="gaussrep_gaussiancross.evaluations.config:SemanticFineTuneConfig",
    )
    yield EvaluationRecord(
        name="instance-fine-tune",
        summary="Objects in scenes by PointGroup, the whole backbone trained on them.",
        target="gaussrep_gaussiancross.evaluations.fine_tuning:InstanceFineTune",
        config="gaussrep_gaussiancross.evaluations.config:InstanceFineTuneConfig",
        requires=("scipy>=1.11.1",),
    )
