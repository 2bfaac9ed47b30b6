"""Page: what one browser shows."""

import logging
from threading import Event, Thread
from typing import TYPE_CHECKING

from gaussrep.errors import GaussrepError
from gaussrep.viewer.channels import Painter
from gaussrep.viewer.controls import Choices, Controls
from gaussrep.viewer.first_view import FOV, first_pose
from gaussrep.viewer.layers import depths_of, in_layers
from gaussrep.viewer.picture import draw_picture
from gaussrep.viewer.scene import Scene
from gaussrep.viewer.source import Follower, Source
from gaussrep.viewer.stage import Stage
from gaussrep.viewer.view import View

if TYPE_CHECKING:
    import viser

logger = logging.getLogger("gaussrep")

POLL = 1.0
"""Seconds between two looks at the source; ours."""
STILL = 0.2
"""Seconds after which a camera that did not move stands still; ours."""
SHRINK = 4
"""Side in pixels of the canvas of one drawn pixel, while the camera moves; ours."""


class Page:
    """Shows a source to one browser, in a thread of its own.

    Args:
        client: The browser.
        source: What is looked at.
        renderer: The one that is chosen at first.
    """

    def __init__(self, client: "viser.ClientHandle", source: Source, renderer: str) -> None:
        self._client, self._stage = client, Stage(client.scene)
        self._changed, self._closed = Event(), False
        self._follower = Follower(source)
        self._scene: Scene | None = None
        self._controls = Controls(client.gui, renderer, source.samples, self._changed.set)
        client.camera.on_update(lambda _: self._changed.set())
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread."""
        self._closed = True
        self._changed.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._closed:
            changed = self._changed.wait(POLL)
            self._changed.clear()
            try:
                self._turn(changed=changed)
            except GaussrepError as error:
                self._controls.tell(str(error))
            except Exception as error:  # the page goes on, whatever a plugin's renderer raises
                logger.exception("the page cannot be drawn")
                self._controls.tell(f"{type(error).__name__}: {error}")

    def _turn(self, *, changed: bool) -> None:
        newest = self._follower.newest(self._controls.sample)
        if newest is not None:
            self._take(newest)
        if self._scene is not None and (changed or newest is not None):
            self._show(self._scene, self._controls.read())

    def _take(self, scene: Scene) -> None:
        first, self._scene = self._scene is None, scene
        self._controls.offer(scene, first=first)
        if not first:
            return
        camera = self._client.camera
        pose = first_pose(scene, camera.aspect)
        with self._client.atomic():
            camera.fov = FOV
            camera.position = pose.eye.numpy()
            camera.look_at = pose.target.numpy()
            camera.up_direction = pose.up.numpy()

    def _show(self, scene: Scene, choices: Choices) -> None:
        """Draw coarsely first; finely once nothing has changed for a while."""
        self._stage.show_lines(scene, cuboid=choices.cuboid, cameras=choices.cameras)
        if choices.show == "renderer":
            self._draw(scene, choices, SHRINK)
        if self._changed.wait(STILL):
            return
        if choices.show == "renderer":
            self._draw(scene, choices, 1)
        else:
            self._splat(scene, choices)
        self._controls.tell(scene.caption)

    def _draw(self, scene: Scene, choices: Choices, shrink: int) -> None:
        cameras = self._view().cameras(shrink)
        depths = depths_of(scene.gaussians, choices.order, cameras)
        kept = scene.gaussians[in_layers(depths, *choices.layers)]
        painter = Painter(choices.channel, scene.feature_colors)
        picture = draw_picture(kept, cameras, choices.renderer, painter, choices.backdrop)
        self._stage.show_picture(picture, exact=shrink == 1)

    def _splat(self, scene: Scene, choices: Choices) -> None:
        cameras = self._view().cameras()
        key = (scene, choices, cameras.viewmats.numpy().tobytes() if choices.by_view else None)
        if self._stage.shows(key):
            return
        depths = depths_of(scene.gaussians, choices.order, cameras)
        kept = in_layers(depths, *choices.layers)
        shown = scene.gaussians[kept]
        colors = Painter(choices.channel, scene.feature_colors).splats(shown, depths[kept])
        self._stage.show_splats(shown, colors, choices.backdrop, key)

    def _view(self) -> View:
        camera = self._client.camera
        return View(
            wxyz=tuple(camera.wxyz.tolist()),
            position=tuple(camera.position.tolist()),
            fov=camera.fov,
            width=camera.image_width,
            height=camera.image_height,
        )
