"""A scene as a dict of tensors."""

from dataclasses import fields

from torch import Tensor

from gaussrep.data.scenes.scene import Scene


def scene_tensors(scene: Scene) -> dict[str, Tensor]:
    """Name the tensors of a scene as samples do.

    Args:
        scene: The scene.

    Returns:
        `points`, `colors`, `normals`, `labels`, `instances`; with views also `images`, `depths`,
        `viewmats`, `Ks`, `frames`.
    """
    tensors = {field.name: getattr(scene.cloud, field.name) for field in fields(scene.cloud)}
    views = scene.views
    if views is not None:
        tensors |= {
            "images": views.images,
            "depths": views.depths,
            "viewmats": views.cameras.viewmats,
            "Ks": views.cameras.Ks,
            "frames": views.frames,
        }
    return tensors
