"""Picking a place of the scene in nerfstudio's viewer."""

from dataclasses import dataclass

from nerfstudio.viewer.viewer_elements import ViewerButton, ViewerClick, ViewerControl
from torch import nn


@dataclass(frozen=True)
class Ray:
    """What was clicked at.

    Attributes:
        origin: The camera, in the units of the model.
        direction: From there through the pixel.
    """

    origin: tuple[float, float, float]
    direction: tuple[float, float, float]


class Picker(nn.Module):
    """Two buttons: the next click picks a place, and the place is forgotten.

    nerfstudio finds the buttons by looking through the model's modules, which is why this is one.

    Attributes:
        ray: What was picked last.
    """

    def __init__(self) -> None:
        super().__init__()
        self.ray: Ray | None = None
        self.viewer_control = ViewerControl()
        self.pick = ViewerButton("Similarity: pick a pixel", cb_hook=self._wait)
        self.forget = ViewerButton("Similarity: forget it", cb_hook=self._forget)

    def _wait(self, _: ViewerButton) -> None:
        self.viewer_control.register_pointer_cb("click", self._clicked)

    def _clicked(self, click: ViewerClick) -> None:
        self.ray = Ray(click.origin, click.direction)
        self.viewer_control.unregister_pointer_cb()
        self.viewer_control.viewer._trigger_rerender()

    def _forget(self, _: ViewerButton) -> None:
        self.ray = None
