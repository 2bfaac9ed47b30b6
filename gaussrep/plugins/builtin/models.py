"""The renderers, encoders, losses and methods of the core."""

from collections.abc import Iterator

from gaussrep.plugins.hookspecs import hookimpl
from gaussrep.plugins.records import (
    EncoderRecord,
    LossRecord,
    MethodRecord,
    RendererRecord,
)

RASTERIZER_CAPABILITIES = frozenset(
    {"differentiable", "features", "depth", "sh", "antialiased"}
    | {"ortho", "pinhole", "camera_gradients", "normals"}
)


@hookimpl
def register_renderers() -> Iterator[RendererRecord]:
    """The renderers of the core."""
    yield RendererRecord(
        name="reference",
        summary="Plain torch: any device, float32 and float64; the reference of all others.",
        target="gaussrep.rendering.reference:ReferenceRenderer",
        config="gaussrep.rendering.config:ReferenceConfig",
        devices=frozenset({"cpu", "cuda", "mps"}),
        capabilities=RASTERIZER_CAPABILITIES | {"float64", "opencv", "fisheye", "median_depth"},
    )
    yield RendererRecord(
        name="triton",
        summary="Triton kernels on CUDA, compiled without the CUDA toolkit; the default there.",
        target="gaussrep.rendering.triton.renderer:TritonRenderer",
        config="gaussrep.rendering.config:TritonConfig",
        devices=frozenset({"cuda"}),
        capabilities=RASTERIZER_CAPABILITIES | {"opencv", "fisheye", "median_depth"},
        priority=20,
    )
    yield RendererRecord(
        name="gsplat",
        summary="gsplat's CUDA kernels, which nvcc compiles on first use; selected by name.",
        target="gaussrep.rendering.gsplat.renderer:GsplatRenderer",
        config="gaussrep.rendering.config:GsplatConfig",
        requires=("gsplat>=1.4",),
        devices=frozenset({"cuda"}),
        capabilities=RASTERIZER_CAPABILITIES | {"ideal_fisheye"},
        priority=10,
    )
    yield RendererRecord(
        name="cpu",
        summary="Numba kernels on the CPU: tiled, vectorized, on all cores; float32.",
        target="gaussrep.rendering.cpu.renderer:CpuRenderer",
        config="gaussrep.rendering.config:CpuConfig",
        devices=frozenset({"cpu"}),
        capabilities=RASTERIZER_CAPABILITIES | {"opencv", "fisheye", "median_depth"},
        priority=10,
    )


@hookimpl
def register_encoders() -> Iterator[EncoderRecord]:
    """The encoders of the core."""
    yield EncoderRecord(
        name="statistics",
        summary="Local statistics of colors and edges; needs no weights.",
        target="gaussrep.encoders.statistics:StatisticsEncoder",
        config="gaussrep.encoders.teacher_config:StatisticsConfig",
        modality="image",
    )
    yield EncoderRecord(
        name="timm",
        summary="The feature map of any model of timm.",
        target="gaussrep.encoders.timm_encoder:TimmEncoder",
        config="gaussrep.encoders.teacher_config:TimmConfig",
        requires=("timm>=1.0.26",),
        modality="image",
    )
    yield EncoderRecord(
        name="radio",
        summary="NVIDIA's C-RADIO (commercial use allowed) and RADIO (not), by torch.hub.",
        target="gaussrep.encoders.radio:RadioEncoder",
        config="gaussrep.encoders.teacher_config:RadioConfig",
        requires=("timm>=1.0.26",),
        modality="image",
    )
    yield EncoderRecord(
        name="run",
        summary="The tokens in which a trained run's method embeds images, such as GMAE's.",
        target="gaussrep.embedding.run_encoder:RunEncoder",
        config="gaussrep.encoders.teacher_config:RunEncoderConfig",
        modality="image",
    )


@hookimpl
def register_losses() -> Iterator[LossRecord]:
    """The losses of the core."""
    yield LossRecord(name="mse", summary="Mean squared error.", target="gaussrep.losses.pixel:MSE")
    yield LossRecord(name="l1", summary="Mean absolute error.", target="gaussrep.losses.pixel:L1")
    yield LossRecord(
        name="smooth-l1",
        summary="Quadratic for small errors, linear for large ones.",
        target="gaussrep.losses.pixel:SmoothL1",
        config="gaussrep.losses.config:SmoothL1Config",
    )
    yield LossRecord(
        name="ssim",
        summary="One minus the structural similarity.",
        target="gaussrep.losses.pixel:SSIM",
    )
    yield LossRecord(
        name="l1-ssim",
        summary="(1 - λ) L1 + λ (1 - SSIM), the loss of 3DGS.",
        target="gaussrep.losses.pixel:L1SSIM",
        config="gaussrep.losses.config:L1SSIMConfig",
    )
    yield LossRecord(
        name="cosine",
        summary="One minus the cosine between feature vectors.",
        target="gaussrep.losses.pixel:Cosine",
    )


@hookimpl
def register_methods() -> Iterator[MethodRecord]:
    """The methods of the core."""
    yield MethodRecord(
        name="fit",
        summary="The Gaussians of one scene, optimized to posed images; see gaussrep fit.",
        target="gaussrep.fitting.method:SceneFit",
        config="gaussrep.fitting.config:SceneFitConfig",
        capabilities=frozenset({"gaussians"}),
        report="gaussrep.fitting.report:write_report",
        run_files=("scene.ply", "metrics.json", "calibration.json", "fidelity.json"),
    )
    yield MethodRecord(
        name="classifier",
        summary="Another method's embedding and a linear head, trained on labels.",
        target="gaussrep.evaluation.fine_tuning.classifier:Classifier",
        config="gaussrep.evaluation.fine_tuning.config:ClassifierConfig",
        capabilities=frozenset({"embed", "embedding_layers"}),
        requires=("torchvision>=0.25",),
    )
