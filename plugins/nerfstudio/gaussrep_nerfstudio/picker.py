"""Picking a point of the scene in nerfstudio's viewer."""

from dataclasses import dataclass

from nerfstudio.viewer.viewer_elements import ViewerButton, ViewerClick, ViewerControl
from torch import nn


@dataclass(frozen=True)
class Ray:
    """The ray of a click.

    Attributes:
        origin: Position of the camera, in the units of the model.
        direction: Direction through the pixel.
    """

    origin: tuple[float, float, float]
    direction: tuple[float, float, float]


class Picker(nn.Module):
    """Two buttons: let the next click pick a point, and clear the point.

    This is a module because nerfstudio finds the buttons among the model's modules.

    Attributes:
        ray: The last picked ray.
    """

    def __init__(self) -> None:
        super().__init__()
        self.ray: Ray | None = None
        self.viewer_control = ViewerControl()
        self.pick = ViewerButton("Similarity: pick a pixel", cb_hook=self._wait)
        self.forget = ViewerButton("Similarity: clear", cb_hook=self._forget)

    def _wait(self, _: ViewerButton) -> None:
        self.viewer_control.register_pointer_cb("click", self._clicked)

    def _clicked(self, click: ViewerClick) -> None:
        self.ray = Ray(click.origin, click.direction)
        self.viewer_control.unregister_pointer_cb()
        self.viewer_control.viewer._trigger_rerender()

    def _forget(self, _: ViewerButton) -> None:
        self.ray = None
