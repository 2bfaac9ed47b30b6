"""Test-time voting: a scene is looked at from several sides, and what is said of it averaged."""

import math
from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep.methods.method import Batch

SCALES = (1.0, 0.95, 1.05)
"""Sizes at which a scene is looked at (released configurations)."""
TURNS = 4
"""Rotations about the vertical axis at each size, a quarter apart (released configurations)."""
MOST_VOTES = TURNS * len(SCALES) + 1
"""All rotations at all sizes, and one mirrored scene."""


def vote(
    scores: Callable[[Batch], Float[Tensor, "p classes"]], batch: Batch, votes: int
) -> Float[Tensor, "p classes"]:
    """Average the class probabilities that are said of a scene and of turned copies of it.

    Args:
        scores: Gives class scores (logits) of every point.
        batch: Scenes; as they are, they have the first vote.
        votes: How many of `turns` look at it.

    Returns:
        Probabilities.
    """
    views = (moved(batch, turn) for turn in turns(votes).to(batch["points"]))
    total = sum(scores(view).float().softmax(dim=1) for view in views)
    assert isinstance(total, Tensor)
    return total / votes


def turns(votes: int) -> Float[Tensor, "votes 3 3"]:
    """The ways in which a scene is turned, scaled and mirrored.

    Args:
        votes: How many of them, from 1 to `MOST_VOTES`: nothing done, three rotations, the four at
            each other size, and last a mirrored scene (x negated; which axis is ours: the released
            code negates x and y at once, which is a rotation that has voted before).

    Returns:
        Matrices that act on points as column vectors.
    """
    angles = [math.tau * turn / TURNS for turn in range(TURNS)]
    matrices = [scale * _rotation(angle) for scale in SCALES for angle in angles]
    mirrored = torch.diag(torch.tensor([-1.0, 1.0, 1.0]))
    return torch.stack([*matrices, mirrored])[:votes]


def moved(batch: Batch, matrix: Float[Tensor, "3 3"]) -> dict[str, Tensor]:
    """The same scenes with points and normals moved; everything else is as it was.

    Args:
        batch: Scenes with `points` and `normals`.
        matrix: A rotation or reflection, times a scale.
    """
    directions = matrix / matrix.det().abs() ** (1 / 3)
    return {
        **batch,
        "points": batch["points"] @ matrix.mT,
        "normals": batch["normals"] @ directions.mT,
    }


def _rotation(angle: float) -> Float[Tensor, "3 3"]:
    cosine, sine = math.cos(angle), math.sin(angle)
    return torch.tensor([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]])
