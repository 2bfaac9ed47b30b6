"""What a step minimizes."""

from typing import Any

from jaxtyping import Float
from torch import Tensor

from gaussrep.fitting.config import LossConfig
from gaussrep.fitting.distillation import Lessons, feature_error
from gaussrep.fitting.objective import measure_objective
from gaussrep_nerfstudio.batches import masked, pictures_of
from gaussrep_nerfstudio.views import View


def picture_loss(
    view: View, batch: dict[str, Any], config: LossConfig, extent: float
) -> Float[Tensor, ""]:
    """What `gaussrep fit` minimizes between a view as drawn and as taken.

    Args:
        view: As drawn.
        batch: As taken.
        config: Weights.
        extent: The scene's, in the units of the model.
    """
    rendering, pictures = masked(batch, view.rendering, pictures_of(batch, view.cameras))
    return measure_objective(rendering, pictures, view.background, config, extent).total


def feature_loss(view: View, batch: dict[str, Any], lessons: Lessons) -> Float[Tensor, ""]:
    """One minus the cosine between rendered and taught features.

    Args:
        view: Drawn with features.
        batch: Its `image_idx` says which of the training pictures it is.
        lessons: What the encoder says of them.
    """
    assert view.rendering.features is not None
    return feature_error(view.rendering.features[0], lessons.maps[batch["image_idx"]])
