"""What a visitor can choose on a page."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep import plugins
from gaussrep.viewer.channels import Channel
from gaussrep.viewer.layers import Order
from gaussrep.viewer.scene import Scene

if TYPE_CHECKING:
    import viser

CHANNELS: tuple[Channel, ...] = ("color", "depth", "alpha", "features")
WAITING = "waiting for the scene"


@dataclass(frozen=True, slots=True)
class Choices:
    """What is chosen.

    Attributes:
        show: `splats` are drawn by the browser, `renderer` by one of ours.
        renderer: Its name.
        channel: What colors stand for.
        layers: From and to which share of the Gaussians, front to back.
        order: What is front.
        background: RGB, 0 to 255.
        cuboid: Whether its box is shown.
        cameras: Whether they are shown.
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
    def by_view(self) -> bool:
        """Whether splats look different when the camera moves."""
        return self.order == "camera" and (self.layers != (0, 1) or self.channel == "depth")

    @property
    def backdrop(self) -> Float[Tensor, " 3"]:
        """RGB in [0, 1]; black where alpha is shown, as white Gaussians."""
        return torch.zeros(3) if self.channel == "alpha" else torch.tensor(self.background) / 255


class Controls:
    """The panel of one page.

    Args:
        gui: viser's, of one browser.
        renderer: The one that is chosen at first.
        samples: How many scenes there are to choose from.
        changed: Is called when something else was chosen.
    """

    def __init__(
        self, gui: "viser.GuiApi", renderer: str, samples: int, changed: Callable[[], None]
    ) -> None:
        self._told = gui.add_markdown(WAITING)
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
        """Index of the scene that is wanted."""
        return int(self._sample.value)

    def read(self) -> Choices:
        """Give what is chosen now."""
        front, back = self._layers.value
        red, green, blue = self._background.value
        return Choices(
            show=self._show.value,
            renderer=self._renderer.value,
            channel=self._channel.value,
            layers=(front / 100, back / 100),
            order=self._order.value,
            background=(red, green, blue),
            cuboid=self._cuboid.value,
            cameras=self._cameras.value,
        )

    def offer(self, scene: Scene, *, first: bool) -> None:
        """Offer what a scene has.

        Args:
            scene: Is shown from now on.
            first: Whether the page showed nothing before; then the scene's background is taken.
        """
        self.tell(scene.caption)
        has_features = scene.gaussians.features is not None
        self._channel.options = CHANNELS if has_features else CHANNELS[:-1]
        self._cameras.visible = scene.cameras is not None
        if first:
            red, green, blue = (round(255 * value) for value in scene.background)
            self._background.value = (red, green, blue)

    def tell(self, text: str) -> None:
        """Say something at the top of the panel."""
        self._told.content = text

    def _handles(self) -> list[Any]:
        return [
            self._sample, self._show, self._renderer, self._channel, self._layers,
            self._order, self._background, self._cuboid, self._cameras,
        ]  # fmt: skip


def _renderers(first: str) -> tuple[str, ...]:
    """`auto`, and the renderers whose requirements are met."""
    able = [found.name for found in plugins.list("renderers") if not found.missing]
    return tuple(dict.fromkeys(["auto", *able, first]))
