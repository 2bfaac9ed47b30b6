"""The core's own components, registered through the same door as everybody's."""

from collections.abc import Iterator

from gaussrep.plugins.hookspecs import hookimpl
from gaussrep.plugins.records import DatasetRecord, FormatRecord, LossRecord, RendererRecord


@hookimpl
def register_renderers() -> Iterator[RendererRecord]:
    """The renderers of the core."""
    yield RendererRecord(
        name="reference",
        summary="Plain torch: any device, float32 and float64, the oracle of every other one.",
        target="gaussrep.rendering.reference:ReferenceRenderer",
        config="gaussrep.rendering.config:ReferenceConfig",
        devices=frozenset({"cpu", "cuda", "mps"}),
        capabilities=frozenset(
            {"differentiable", "features", "depth", "sh"}
            | {"ortho", "pinhole", "camera_gradients", "float64"}
        ),
    )
    yield RendererRecord(
        name="gsplat",
        summary="gsplat's CUDA kernels, compiled on first use; the default on CUDA.",
        target="gaussrep.rendering.gsplat.renderer:GsplatRenderer",
        config="gaussrep.rendering.config:GsplatConfig",
        requires=("gsplat>=1.4",),
        devices=frozenset({"cuda"}),
        capabilities=frozenset(
            {"differentiable", "features", "depth", "sh", "ortho", "pinhole", "camera_gradients"}
        ),
        priority=10,
    )
    yield RendererRecord(
        name="cpu",
        summary="Numba kernels on the CPU: tiled, vectorised, on all cores; float32.",
        target="gaussrep.rendering.cpu.renderer:CpuRenderer",
        config="gaussrep.rendering.config:CpuConfig",
        devices=frozenset({"cpu"}),
        capabilities=frozenset(
            {"differentiable", "features", "depth", "sh", "ortho", "pinhole", "camera_gradients"}
        ),
        priority=10,
    )


@hookimpl
def register_losses() -> Iterator[LossRecord]:
    """The losses of the core."""
    yield LossRecord(name="mse", summary="Mean squared error.", target="gaussrep.losses.pixel:MSE")
    yield LossRecord(name="l1", summary="Mean absolute error.", target="gaussrep.losses.pixel:L1")


@hookimpl
def register_datasets() -> Iterator[DatasetRecord]:
    """The data sets of the core."""
    yield DatasetRecord(
        name="images",
        summary="Crops of the images in a folder.",
        target="gaussrep.data.images:ImageFolder",
        config="gaussrep.data.config:ImagesConfig",
        modality="image",
    )
    yield DatasetRecord(
        name="photos",
        summary="Crops of the photographs inside scikit-image and scikit-learn; no download.",
        target="gaussrep.data.photos:Photos",
        config="gaussrep.data.config:PhotosConfig",
        requires=("scikit-image>=0.22", "scikit-learn>=1.4"),
        modality="image",
    )


@hookimpl
def register_formats() -> Iterator[FormatRecord]:
    """The file formats of the core."""
    yield FormatRecord(
        name="ply",
        summary="The PLY layout of 3D Gaussian Splatting.",
        target="gaussrep.formats.ply:Ply",
        suffixes=(".ply",),
    )
