"""The stages of the backward pass in their order."""

from typing import Any

import torch
from torch import Tensor

from gaussrep.rendering.tiled import split_camera_gradients
from gaussrep.rendering.triton.bin import sum_slots
from gaussrep.rendering.triton.composite_backward import composite_backward
from gaussrep.rendering.triton.composite_features_backward import composite_features_backward
from gaussrep.rendering.triton.harmonics import shade_backward
from gaussrep.rendering.triton.layout import CAMERA_SIZE, D_RED, SLOT_SIZE, Images, Scenes
from gaussrep.rendering.triton.project import project_backward
from gaussrep.rendering.triton.stages import (
    FEATURE_GROUP,
    FEATURE_PART,
    FEATURE_WARPS,
    GROUP,
    PARTS,
    PRECISION,
    Pass,
    block_size,
    divide_up,
    lane_programs,
    lanes_per_program,
    lens_bounds,
)

FEATURE_CHANNELS = (16, 32)
"""Fewest and most channels per product."""

SLOT_ROWS, SLOT_COLUMNS = 16, (16, 64)
"""Slots that are summed at once; fewest and most of their floats."""

SHAPED = ("means", "quats", "scales", "opacities")
"""Inputs whose gradients `project_backward` writes."""


def compute_gradients(
    state: Pass, background: Tensor, images: Images, grad_outputs: Images, *, cameras: bool
) -> tuple[Scenes, Tensor]:
    """Backpropagate gradients from images to Gaussians, cameras and background.

    Args:
        state: Projected and binned Gaussians.
        background: RGB behind the Gaussians, [S, V, 3].
        images: The rendered images.
        grad_outputs: Gradients to them.
        cameras: Whether to compute the gradients to the cameras, too; zeros if not.

    Returns:
        Gradients to the scenes, and to the background.
    """
    totals, feature_totals, background_sums = _backward_tiles(
        state, background, images, grad_outputs
    )
    scenes, views = state.camera
    totals, feature_totals = (
        total.unflatten(0, (scenes, views)) for total in (totals, feature_totals)
    )
    gradients = _project_backward(state, totals, cameras=cameras)
    gradients = gradients._replace(features=feature_totals.sum(1))
    if not state.scenes.sh.shape[2]:
        grad_colors = totals[..., D_RED.value : D_RED.value + 3]
        if state.scenes.colors.shape[1] != views:
            grad_colors = grad_colors.sum(1, keepdim=True)
        gradients = gradients._replace(colors=grad_colors.contiguous())
    tiles = state.grid.columns * state.grid.rows
    by_image = background_sums.sum(1).view(scenes, views, tiles, 3)
    return gradients, by_image.sum(2)


def _backward_tiles(
    state: Pass, background: Tensor, images: Images, grad_outputs: Images
) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients to projected Gaussians and features of every image, and to backgrounds by tile."""
    bins, records = state.bins, state.splats.records
    channels = images.features.shape[-1]
    has_features = grad_outputs.features.numel() > 0
    slots = records.new_zeros(len(bins.members), SLOT_SIZE.value)
    feature_slots = records.new_zeros(len(bins.members), channels if has_features else 0)
    sums = records.new_zeros(state.tiles, PARTS if has_features else 1, 3)
    flags: dict[str, Any] = {
        f"HAS_{name.upper()}": getattr(grad_outputs, name).numel() > 0
        for name in ("color", "alpha", "depth")
    }
    tables = records, bins.starts, bins.members, bins.emitted
    if state.tiles and has_features:
        composite_features_backward[(state.tiles,)](
            *tables,
            state.scenes.features,
            background,
            *images,
            *grad_outputs,
            slots,
            feature_slots,
            sums,
            state.camera[1],
            state.scenes.means.shape[1],
            channels,
            *state.size,
            **flags,
            PART=FEATURE_PART,
            GROUP=FEATURE_GROUP,
            CHANNELS=block_size(channels, *FEATURE_CHANNELS),
            PRECISION=PRECISION,
            num_warps=FEATURE_WARPS,
        )
    elif state.tiles:
        composite_backward[(state.tiles,)](
            *tables,
            background,
            *images[:3],
            *grad_outputs[:3],
            slots,
            sums,
            *state.size,
            **flags,
            GROUP=GROUP,
            num_warps=1,
        )
    totals = _sum_slots(state, slots)
    feature_totals = _sum_slots(state, feature_slots)
    if not has_features:
        feature_totals = feature_totals.new_zeros(*feature_totals.shape[:-1], channels)
    return totals, feature_totals, sums


def _sum_slots(state: Pass, slots: Tensor) -> Tensor:
    """Sum the slots of every Gaussian in every image, [I, N, size]."""
    counts, size = state.splats.counts, slots.shape[-1]
    totals = slots.new_empty(*counts.shape, size)
    if totals.numel():
        columns = block_size(size, *SLOT_COLUMNS)
        sum_slots[(counts.numel(), divide_up(size, columns))](
            slots,
            state.bins.firsts,
            counts,
            totals,
            size,
            len(slots),
            ROWS=SLOT_ROWS,
            COLUMNS=columns,
            num_warps=1,
        )
    return totals


def _project_backward(state: Pass, totals: Tensor, *, cameras: bool) -> Scenes:
    """Gradients to all but features and, without spherical harmonics, colors."""
    scenes, views = state.camera
    given = state.scenes
    count, bases, lens = given.means.shape[1], given.sh.shape[2], given.distortion.shape[2]
    programs = lane_programs(scenes, max(1, count))
    grads = given._replace(**{name: torch.empty_like(getattr(given, name)) for name in SHAPED})
    sums = totals.new_zeros(scenes, programs[0] // max(1, scenes), views, CAMERA_SIZE.value + lens)
    grads = grads._replace(sh=torch.zeros_like(given.sh))
    if scenes * count and bases:
        shade_backward[programs](
            given.means,
            given.sh,
            given.viewmats,
            given.Ks,
            state.splats.counts,
            totals,
            grads.sh,
            views,
            count,
            BASES=bases,
            LANES=lanes_per_program(count),
            num_warps=4,
        )
    if scenes * count:
        project_backward[programs](
            given.means,
            given.quats,
            given.scales,
            given.opacities,
            given.viewmats,
            given.Ks,
            given.distortion,
            lens_bounds(given, state.grid),
            state.splats.counts,
            totals,
            *(getattr(grads, name) for name in SHAPED),
            sums,
            views,
            count,
            state.grid.width,
            state.grid.height,
            ORTHO=state.grid.ortho,
            ANTIALIASED=state.grid.antialiased,
            LENS=lens,
            CAMERA_GRADIENTS=cameras,
            SHADED=bases > 0,
            LANES=lanes_per_program(count),
            num_warps=4,
        )
    to_cameras = sums.sum(1)
    grad_viewmats, grad_Ks = split_camera_gradients(to_cameras[..., : CAMERA_SIZE.value])
    grad_distortion = to_cameras[..., CAMERA_SIZE.value :].contiguous()
    return grads._replace(viewmats=grad_viewmats, Ks=grad_Ks, distortion=grad_distortion)
