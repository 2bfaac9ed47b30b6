"""What a step minimizes."""

from typing import Any

from jaxtyping import Float
from torch import Tensor

from gaussrep.fitting.distillation import FeatureTargets, feature_error
from gaussrep.fitting.losses import compute_fit_loss
from gaussrep.losses.loss import Loss
from gaussrep_nerfstudio.batches import masked, pictures_of
from gaussrep_nerfstudio.views import View


def picture_loss(
    view: View, batch: dict[str, Any], loss: Loss, *, depth_weight: float, extent: float
) -> Float[Tensor, ""]:
    """What `gaussrep fit` minimizes between a view as drawn and as taken.

    Args:
        view: As drawn.
        batch: As taken.
        loss: Image loss.
        depth_weight: Weight of the error of depth in extents.
        extent: Size of the scene in the units of the model.

    Returns:
        A scalar.
    """
    rendering, pictures = masked(batch, view.rendering, pictures_of(batch, view.cameras))
    return compute_fit_loss(
        rendering, pictures, view.background, loss, depth_weight=depth_weight, extent=extent
    ).total


def feature_loss(view: View, batch: dict[str, Any], lessons: FeatureTargets) -> Float[Tensor, ""]:
    """One minus the cosine between rendered and taught features.

    Args:
        view: Drawn with features.
        batch: Its `image_idx` says which of the training pictures it is.
        lessons: What the encoder says of them.
    """
    assert view.rendering.features is not None
    return feature_error(view.rendering.features[0], lessons.maps[batch["image_idx"]])
