"""The session of one browser: a thread that renders a source with the browser's settings."""

import logging
from threading import Event, Thread
from typing import TYPE_CHECKING

from gaussrep.errors import GaussrepError
from gaussrep.viewer.camera import FOV, BrowserCamera, initial_pose
from gaussrep.viewer.colorizer import Colorizer, render_channel
from gaussrep.viewer.controls import Controls, ViewSettings
from gaussrep.viewer.layers import gaussian_depths, layer_mask
from gaussrep.viewer.scene import ViewerScene
from gaussrep.viewer.sources import SourceWatcher, ViewSource
from gaussrep.viewer.viser_scene import ViserScene

if TYPE_CHECKING:
    import viser

logger = logging.getLogger("gaussrep")

POLL = 1.0
"""Seconds between two checks of the source; a design choice."""
SETTLE = 0.2
"""Seconds without a change after which the full image is rendered; a design choice."""
SHRINK = 4
"""Pixels of the canvas per rendered pixel, along each side, while the camera moves; a design
choice."""


class ClientSession:
    """Shows a source to one browser, in its own thread.

    Args:
        client: The browser.
        source: Source of the scenes.
        renderer: Name of the renderer that is selected at first.
    """

    def __init__(self, client: "viser.ClientHandle", source: ViewSource, renderer: str) -> None:
        self._client, self._viser_scene = client, ViserScene(client.scene)
        self._changed, self._closed = Event(), False
        self._watcher = SourceWatcher(source)
        self._scene: ViewerScene | None = None
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
                self._update(changed=changed)
            except GaussrepError as error:
                self._controls.show_message(str(error))
            except Exception as error:  # a plugin's renderer may raise anything
                logger.exception("the scene cannot be rendered")
                self._controls.show_message(f"{type(error).__name__}: {error}")

    def _update(self, *, changed: bool) -> None:
        newest = self._watcher.newest(self._controls.sample)
        if newest is not None:
            self._set_scene(newest)
        if self._scene is not None and (changed or newest is not None):
            self._show(self._scene, self._controls.read())

    def _set_scene(self, scene: ViewerScene) -> None:
        first, self._scene = self._scene is None, scene
        self._controls.adapt(scene, first=first)
        if not first:
            return
        camera = self._client.camera
        pose = initial_pose(scene, camera.aspect)
        with self._client.atomic():
            camera.fov = FOV
            camera.position = pose.eye.numpy()
            camera.look_at = pose.target.numpy()
            camera.up_direction = pose.up.numpy()

    def _show(self, scene: ViewerScene, settings: ViewSettings) -> None:
        """Render at low resolution first, then in full once nothing has changed for a while."""
        self._viser_scene.show_lines(scene, cuboid=settings.cuboid, cameras=settings.cameras)
        if settings.show == "renderer":
            self._show_rendering(scene, settings, SHRINK)
        if self._changed.wait(SETTLE):
            return
        if settings.show == "renderer":
            self._show_rendering(scene, settings, 1)
        else:
            self._show_splats(scene, settings)
        self._controls.show_message(scene.caption)

    def _show_rendering(self, scene: ViewerScene, settings: ViewSettings, shrink: int) -> None:
        cameras = self._camera().cameras(shrink)
        depths = gaussian_depths(scene.gaussians, settings.order, cameras)
        kept = scene.gaussians[layer_mask(depths, *settings.layers)]
        colorizer = Colorizer(settings.channel, scene.feature_colors)
        image = render_channel(
            kept, cameras, settings.renderer, colorizer, settings.background_color
        )
        self._viser_scene.show_image(image, exact=shrink == 1)

    def _show_splats(self, scene: ViewerScene, settings: ViewSettings) -> None:
        cameras = self._camera().cameras()
        key = (
            scene,
            settings,
            cameras.viewmats.numpy().tobytes() if settings.depends_on_view else None,
        )
        if self._viser_scene.shows(key):
            return
        depths = gaussian_depths(scene.gaussians, settings.order, cameras)
        kept = layer_mask(depths, *settings.layers)
        shown = scene.gaussians[kept]
        colors = Colorizer(settings.channel, scene.feature_colors).splats(shown, depths[kept])
        self._viser_scene.show_splats(shown, colors, settings.background_color, key)

    def _camera(self) -> BrowserCamera:
        camera = self._client.camera
        return BrowserCamera(
            wxyz=tuple(camera.wxyz.tolist()),
            position=tuple(camera.position.tolist()),
            fov=camera.fov,
            width=camera.image_width,
            height=camera.image_height,
        )
