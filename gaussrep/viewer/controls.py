"""Controls and settings of one browser's page."""

import re
import string
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep import plugins
from gaussrep.errors import ValueRangeError
from gaussrep.viewer.colorizer import Channel
from gaussrep.viewer.layers import Order
from gaussrep.viewer.scene import ViewerScene

if TYPE_CHECKING:
    import viser

CHANNELS: tuple[Channel, ...] = ("color", "depth", "alpha", "features")
WAITING = "waiting for the scene"
_PUNCTUATION = re.compile(f"([{re.escape(string.punctuation)}])")


@dataclass(frozen=True, slots=True)
class ViewSettings:
    """The settings of one browser.

    Attributes:
        show: `splats` for rendering in the browser, `renderer` for one of gaussrep's renderers.
        renderer: Name of the renderer.
        channel: The channel that is shown.
        layers: Range of shown Gaussians from front to back, as fractions in [0, 1].
        order: Direction of depth for layers.
        background: RGB, 0 to 255.
        cuboid: Whether the cuboid is shown.
        cameras: Whether the cameras are shown.
    """

    show: Literal["splats", "renderer"]
    renderer: str
    channel: Channel
    layers: tuple[float, float]
    order: Order
    background: tuple[int, int, int]
    cuboid: bool
    cameras: bool

    @property
    def depends_on_view(self) -> bool:
        """Whether the shown splats depend on the camera."""
        return self.order == "camera" and (self.layers != (0, 1) or self.channel == "depth")

    @property
    def background_color(self) -> Float[Tensor, " 3"]:
        """RGB in [0, 1]; black in the channel `alpha`, whose Gaussians are white."""
        return torch.zeros(3) if self.channel == "alpha" else torch.tensor(self.background) / 255


class Controls:
    """The control panel of one browser.

    Args:
        gui: viser's GUI of the browser.
        renderer: Name of the renderer that is selected at first.
        samples: Number of scenes to choose from.
        changed: Called when a setting changes.
    """

    def __init__(
        self, gui: "viser.GuiApi", renderer: str, samples: int, changed: Callable[[], None]
    ) -> None:
        self._samples = samples
        self._message = gui.add_markdown(WAITING)
        self._sample = gui.add_number(
            "sample", 0, min=0, max=samples - 1, step=1, visible=samples > 1
        )
        self._show = gui.add_dropdown("draw", ("splats", "renderer"))
        self._renderer = gui.add_dropdown("renderer", _renderers(renderer), initial_value=renderer)
        self._channel = gui.add_dropdown("channel", CHANNELS)
        self._layers = gui.add_multi_slider(
            "layers, %", 0, 100, 1, (0, 100), hint="Which Gaussians are shown, front to back."
        )
        self._order = gui.add_dropdown("front is", ("camera", "x", "y", "z"))
        self._background = gui.add_rgb("background", (255, 255, 255))
        self._cuboid = gui.add_checkbox("cuboid", False)
        self._cameras = gui.add_checkbox("cameras", False)
        for handle in self._handles():
            handle.on_update(lambda _: changed())

    @property
    def sample(self) -> int:
        """Index of the selected scene."""
        return min(max(int(self._sample.value), 0), self._samples - 1)

    def read(self) -> ViewSettings:
        """Read the current settings, which the browser may have set to anything.

        Returns:
            The settings, within the ranges of the controls.

        Raises:
            ValueRangeError: A value is none that its control offers.
        """
        front, back = (min(max(value, 0), 100) / 100 for value in self._layers.value)
        red, green, blue = (min(max(int(value), 0), 255) for value in self._background.value)
        return ViewSettings(
            show=_chosen(self._show),
            renderer=_chosen(self._renderer),
            channel=_chosen(self._channel),
            layers=(front, back),
            order=_chosen(self._order),
            background=(red, green, blue),
            cuboid=bool(self._cuboid.value),
            cameras=bool(self._cameras.value),
        )

    def adapt(self, scene: ViewerScene, *, first: bool) -> None:
        """Adapt the controls to a scene.

        Args:
            scene: The scene that is shown from now on.
            first: Whether it is the first one of the page, whose background is taken.
        """
        self.show_message(scene.caption)
        has_features = scene.gaussians.features is not None
        self._channel.options = CHANNELS if has_features else CHANNELS[:-1]
        self._cameras.visible = scene.cameras is not None
        if first:
            red, green, blue = (round(255 * value) for value in scene.background)
            self._background.value = (red, green, blue)

    def show_message(self, text: str) -> None:
        """Show a message at the top of the panel.

        Args:
            text: Plain text.
        """
        self._message.content = escape_markdown(text)

    def _handles(self) -> list[Any]:
        return [
            self._sample, self._show, self._renderer, self._channel, self._layers,
            self._order, self._background, self._cuboid, self._cameras,
        ]  # fmt: skip


def _chosen(dropdown: Any) -> Any:
    """Return the entry that is selected, if it is one of the list."""
    if dropdown.value not in dropdown.options:
        raise ValueRangeError(f"{dropdown.value!r:.60} is none of {', '.join(dropdown.options)}")
    return dropdown.value


def _renderers(first: str) -> tuple[str, ...]:
    """List `auto` and the renderers whose requirements are met."""
    able = [found.name for found in plugins.list("renderers") if not found.missing]
    return tuple(dict.fromkeys(["auto", *able, first]))


def escape_markdown(text: str) -> str:
    r"""Escape text, so that Markdown shows it as it is; viser would run HTML and JSX in it.

    Args:
        text: Any text, such as the name of a file.

    Returns:
        Markdown: every sign of punctuation with a backslash (CommonMark 0.31, section 2.4), and
        control characters and indentation as spaces.

    Examples:
        >>> print(escape_markdown("a_b.ply: <img>"))
        a\_b\.ply\: \<img\>
    """
    lines = ("".join(c if c.isprintable() else " " for c in line) for line in text.splitlines())
    return "\n".join(_PUNCTUATION.sub(r"\\\1", line.strip()) for line in lines)
