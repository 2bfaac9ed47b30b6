"""A room: its points and its frames."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float64, Int64

from gaussrep.data.scenes.frames import Frame
from gaussrep.data.scenes.scene import IGNORED, PointCloud
from gaussrep_rooms.cameras import draw_intrinsics, draw_viewmats
from gaussrep_rooms.config import RoomsConfig
from gaussrep_rooms.layouts import ceiling, draw_plan
from gaussrep_rooms.lighting import Light, draw_light
from gaussrep_rooms.primitives import Packed, pack
from gaussrep_rooms.raycast import NOTHING
from gaussrep_rooms.render import Shot, take
from gaussrep_rooms.surface import Surface, draw_points


@dataclass(frozen=True, eq=False)
class Room:
    """A labeled room.

    Args:
        cloud: Points that at least one frame sees.
        frames: Posed RGB-D frames.
        intrinsics: Their camera matrix; pixel centers lie at +0.5.
        labels: Class at each pixel's center, `IGNORED` where it has none.
        instances: Number of the thing at each pixel's center, `IGNORED` where there is none.
    """

    cloud: PointCloud
    frames: list[Frame]
    intrinsics: Float64[np.ndarray, "3 3"]
    labels: Int64[np.ndarray, "views height width"]
    instances: Int64[np.ndarray, "views height width"]


def make_room(seed: int, number: int, config: RoomsConfig) -> Room:
    """Make a room. The same arguments give the same room.

    Kinds of rooms follow each other: living room, bedroom, kitchen, bathroom, study.

    Args:
        seed: Which family of rooms, from 0.
        number: Which room of it, from 0.
        config: Frames and points. They do not change what is in the room.
    """
    streams = np.random.SeedSequence(seed, spawn_key=(number,)).spawn(4)
    things, cameras, lamps, surface = map(np.random.default_rng, streams)
    plan = draw_plan(things, number)
    solids = [part for thing in plan.things for part in thing.parts]
    parts = pack([*solids, ceiling(plan.size)])
    light = draw_light(parts, plan.size, lamps)
    intrinsics = draw_intrinsics(config.height, config.width, cameras)
    viewmats = draw_viewmats(plan, config.frames, cameras)
    shots = [take(parts, light, v, intrinsics, config.height, config.width) for v in viewmats]
    drawn = parts if config.ceiling else pack(solids)
    points = draw_points(drawn, shots, viewmats, intrinsics, config.points, surface)
    owned = np.repeat(np.arange(len(plan.things)), [len(thing.parts) for thing in plan.things])
    instances = np.append(owned, IGNORED)
    labels = np.append([plan.things[owner].label for owner in owned], IGNORED)
    seen = np.stack([shot.seen for shot in shots])
    return Room(
        _colored(points, light, parts, labels, instances),
        [_frame(shot, v, len(drawn.kinds)) for shot, v in zip(shots, viewmats, strict=True)],
        intrinsics,
        labels[seen],  # nothing is -1, which is the ceiling's place
        instances[seen],
    )


def _frame(shot: Shot, viewmat: np.ndarray, measured: int) -> Frame:
    """A frame; depth is 0 where nothing is, or what is there is not among the first parts."""
    valid = (shot.seen != NOTHING) & (shot.seen < measured)
    depth = np.where(valid, shot.depth, np.float32(0))
    return Frame(shot.image, depth, viewmat.astype(np.float32))


def _colored(
    surface: Surface, light: Light, parts: Packed, labels: np.ndarray, instances: np.ndarray
) -> PointCloud:
    which = surface.which
    colors = light.shade(surface.points, surface.normals, which, parts)
    return PointCloud(
        points=torch.from_numpy(surface.points).float(),
        colors=torch.from_numpy(colors).float(),
        normals=torch.from_numpy(surface.normals).float(),
        labels=torch.from_numpy(labels[which]),
        instances=torch.from_numpy(instances[which]),
    )
