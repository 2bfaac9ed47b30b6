"""What is worth knowing about a model."""

from gaussrep.encoders.voxelize import voxelize
from gaussrep.methods.method import Batch
from gaussrep_gaussiancross.config import GaussianCrossConfig
from gaussrep_gaussiancross.method import GaussianCross
from gaussrep_gaussiancross.scene_batch import SceneBatch

Fact = tuple[str, str]
"""A name and a value."""


def facts_of(method: GaussianCross) -> list[Fact]:
    """Describe a model.

    Args:
        method: The model.

    Returns:
        Its backbone, voxels, cells, threshold, teacher and size.
    """
    config = method.config
    backbone = sum(parameter.numel() for parameter in method.backbone.parameters())
    weights = sum(parameter.numel() for parameter in method.parameters())
    return [
        ("Backbone", f"{config.backbone.type}, {_millions(backbone)}, {method.point_width} wide"),
        ("Voxels", _voxels(config)),
        ("Cells", " x ".join(map(str, config.anchors))),
        ("τ", f"{config.threshold:g}"),
        ("Teacher", str(config.teacher.type) if config.semantic_weight else "none"),
        ("Parameters", _millions(weights)),
    ]


def unit_of(config: GaussianCrossConfig) -> str:
    """What lengths are in: meters, unless the voxels are a share of each scene.

    Args:
        config: Settings of the method.
    """
    return "m" if config.grid_size is not None else "units"


def count_voxels(config: GaussianCrossConfig, batch: Batch) -> int:
    """Count the voxels that a backbone sees of scenes.

    Args:
        config: Says how large they are.
        batch: The scenes, nothing masked.
    """
    scenes, size = SceneBatch.of(batch), config.grid_size
    points = scenes.points
    if size is None:
        assert config.voxels_across is not None
        points, size = scenes.relative_points(), 1 / config.voxels_across
    return voxelize(points, scenes.inputs, scenes.scene, scenes.scenes, size).cloud.count


def _voxels(config: GaussianCrossConfig) -> str:
    if config.grid_size is None:
        return f"{config.voxels_across} along the longest side"
    return f"{config.grid_size:g} m"


def _millions(count: int) -> str:
    return f"{count / 1e6:.1f} M"
