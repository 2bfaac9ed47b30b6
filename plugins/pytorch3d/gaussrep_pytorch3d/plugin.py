"""What gaussrep-pytorch3d registers; imports nothing heavy."""

from collections.abc import Iterator

from gaussrep.plugins import RendererRecord, hookimpl
from gaussrep_pytorch3d.install import INSTALL, REQUIRES


@hookimpl
def register_renderers() -> Iterator[RendererRecord]:
    """The renderers of this distribution."""
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
