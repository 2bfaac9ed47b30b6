"""Plugin of gaussrep-pytorch3d: its renderers, and how PyTorch3D is installed (torch-free)."""

from collections.abc import Iterator

from gaussrep.plugins import RendererRecord, hookimpl

REQUIRES = ("pytorch3d>=0.7",)
"""Requirements of every component of this distribution."""

INSTALL = (
    "pip install setuptools wheel && pip install --no-build-isolation "
    '"git+https://github.com/facebookresearch/pytorch3d.git"'
)
"""Command that builds PyTorch3D: no package index has it, and its build imports torch."""


@hookimpl
def register_renderers() -> Iterator[RendererRecord]:
    """Register the renderers of this distribution.

    Yields:
        One record per renderer.
    """
    yield RendererRecord(
        name="pytorch3d",
        summary="PyTorch3D finds the nearest Gaussians of each pixel, torch composites them.",
        target="gaussrep_pytorch3d.renderer:PyTorch3DRenderer",
        config="gaussrep_pytorch3d.config:PyTorch3DConfig",
        requires=REQUIRES,
        install=INSTALL,
        devices=frozenset({"cpu", "cuda"}),
        capabilities=frozenset(
            {"differentiable", "features", "depth", "sh"}
            | {"ortho", "pinhole", "camera_gradients", "float64"}
        ),
        priority=-10,
    )
    yield RendererRecord(
        name="pulsar",
        summary="PyTorch3D's Pulsar: opaque spheres, softly blended; no ellipsoids, no alpha.",
        target="gaussrep_pytorch3d.pulsar:PulsarRenderer",
        config="gaussrep_pytorch3d.config:PulsarConfig",
        requires=REQUIRES,
        install=INSTALL,
        devices=frozenset({"cpu", "cuda"}),
        capabilities=frozenset(
            {"differentiable", "features", "depth", "sh", "pinhole", "camera_gradients"}
        ),
        priority=-10,
        is_reference_equivalent=False,
    )
