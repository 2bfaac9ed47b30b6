"""One scene of a batch."""

from gaussrep.methods.method import Batch
from gaussrep_gaussiancross.scene_batch import SceneBatch

OF_POINTS = ("points", "colors", "normals", "labels", "instances", "scene")
OF_VIEWS = ("images", "depths", "viewmats", "Ks", "frames")

MOST_VIEWS = 5
"""Views of a scene that are shown."""


def one_scene(batch: Batch, number: int) -> Batch:
    """Take one scene out of a batch.

    Args:
        batch: Of a data set of scenes.
        number: Which scene.

    Returns:
        A batch of that scene alone, with at most `MOST_VIEWS` of its views.

    Raises:
        DataError: If the batch is of something else.
    """
    own = SceneBatch.of(batch).scene == number
    alone = {}
    for name, values in batch.items():
        if name in OF_POINTS:
            alone[name] = values[own]
        else:
            alone[name] = values[number : number + 1]
            if name in OF_VIEWS:
                alone[name] = alone[name][:, :MOST_VIEWS]
    return alone | {"scene": alone["scene"] - number}
