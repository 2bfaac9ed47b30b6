"""A room: its points and its frames."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float64, Int64

from gaussrep.data import IGNORED, PointCloud, RGBDFrame
from gaussrep_rooms.cameras import draw_intrinsics, draw_viewmats
from gaussrep_rooms.config import RoomsConfig
from gaussrep_rooms.layouts import ceiling, draw_layout
from gaussrep_rooms.lighting import Light, draw_light
from gaussrep_rooms.primitives import PrimitiveArrays, pack_primitives
from gaussrep_rooms.raycast import NOTHING
from gaussrep_rooms.render import RenderedFrame, render_frame
from gaussrep_rooms.surface import SurfacePoints, sample_points


@dataclass(frozen=True, eq=False)
class Room:
    """A labeled room.

    Args:
        cloud: Points that at least one frame sees.
        frames: Posed RGB-D frames.
        intrinsics: Their camera matrix; pixel centers are at +0.5.
        labels: Class at each pixel's center, `IGNORED` where there is none.
        instances: Index of the object at each pixel's center, `IGNORED` where there is none.
    """

    cloud: PointCloud
    frames: list[RGBDFrame]
    intrinsics: Float64[np.ndarray, "3 3"]
    labels: Int64[np.ndarray, "views height width"]
    instances: Int64[np.ndarray, "views height width"]


def make_room(seed: int, number: int, config: RoomsConfig) -> Room:
    """Generate a room. The same arguments give the same room.

    Kinds of rooms alternate: living room, bedroom, kitchen, bathroom, study.

    Args:
        seed: Seed of the family of rooms, from 0.
        number: Index of the room in it, from 0.
        config: Frames and points, which do not change the content of the room.

    Returns:
        The room.
    """
    streams = np.random.SeedSequence(seed, spawn_key=(number,)).spawn(4)
    objects, cameras, lamps, surface = map(np.random.default_rng, streams)
    plan = draw_layout(objects, number)
    solids = [primitive for obj in plan.objects for primitive in obj.primitives]
    primitives = pack_primitives([*solids, ceiling(plan.size)])
    light = draw_light(primitives, plan.size, lamps)
    intrinsics = draw_intrinsics(config.height, config.width, cameras)
    viewmats = draw_viewmats(plan, config.frames, cameras)
    frames = [
        render_frame(primitives, light, v, intrinsics, config.height, config.width)
        for v in viewmats
    ]
    drawn = primitives if config.ceiling else pack_primitives(solids)
    points = sample_points(drawn, frames, viewmats, intrinsics, config.points, surface)
    owned = np.repeat(np.arange(len(plan.objects)), [len(obj.primitives) for obj in plan.objects])
    instances = np.append(owned, IGNORED)
    labels = np.append([plan.objects[owner].label for owner in owned], IGNORED)
    seen = np.stack([frame.seen for frame in frames])
    return Room(
        _colored(points, light, primitives, labels, instances),
        [
            _frame(frame, v, intrinsics, len(drawn.kinds))
            for frame, v in zip(frames, viewmats, strict=True)
        ],
        intrinsics,
        labels[seen],  # nothing is -1, which is the ceiling's place
        instances[seen],
    )


def _frame(
    frame: RenderedFrame, viewmat: np.ndarray, intrinsics: np.ndarray, measured: int
) -> RGBDFrame:
    """Make a frame; depth is 0 without a hit, or on primitives from index `measured` on."""
    valid = (frame.seen != NOTHING) & (frame.seen < measured)
    depth = np.where(valid, frame.depth, np.float32(0))
    return RGBDFrame(frame.image, depth, viewmat.astype(np.float32), intrinsics)


def _colored(
    surface: SurfacePoints,
    light: Light,
    primitives: PrimitiveArrays,
    labels: np.ndarray,
    instances: np.ndarray,
) -> PointCloud:
    which = surface.which
    colors = light.shade(surface.points, surface.normals, which, primitives)
    return PointCloud(
        points=torch.from_numpy(surface.points).float(),
        colors=torch.from_numpy(colors).float(),
        normals=torch.from_numpy(surface.normals).float(),
        labels=torch.from_numpy(labels[which]),
        instances=torch.from_numpy(instances[which]),
    )
