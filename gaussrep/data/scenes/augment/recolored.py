"""One change of color for points and pictures."""

from collections.abc import Callable

from einops import rearrange
from torch import Tensor

from gaussrep.data.scenes.scene import Scene


def recolored(scene: Scene, change: Callable[[Tensor], Tensor]) -> Scene:
    """Change the colors of points and pictures, and bring them back to [0, 1].

    Args:
        scene: The scene.
        change: Takes and gives colors [..., 3]; it is called for the points first.
    """
    colors = change(scene.cloud.colors).clamp(0, 1)
    views = scene.views
    if views is not None:
        images = change(rearrange(views.images, "v c h w -> v h w c")).clamp(0, 1)
        views = views.replace(images=rearrange(images, "v h w c -> v c h w"))
    return scene.replace(cloud=scene.cloud.replace(colors=colors), views=views)
