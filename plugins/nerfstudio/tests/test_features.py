import torch
from nerfstudio.viewer.viewer_elements import ViewerClick

from gaussrep import Cameras, Gaussians, render
from gaussrep.fitting import FittedViews
from gaussrep_nerfstudio.picker import Picker, Ray
from gaussrep_nerfstudio.view_outputs import feature_outputs

PLACES = torch.tensor([[0.0, -1, 0], [0, 1, 0], [0, 1, 1], [0, -1, 1]])


def scene():
    """Four balls in two colors of features."""
    likes = torch.tensor([[1.0, 0.2], [0.1, 2], [0.05, 1], [0.5, 0.1]])
    return Gaussians(
        means=PLACES,
        quats=torch.tensor([1.0, 0, 0, 0]).expand(4, 4),
        scales=torch.full((4, 3), 0.15),
        opacities=torch.full((4,), 0.9),
        colors=torch.rand(4, 3),
        features=likes,
    )


def seen(gaussians):
    eye, up = torch.tensor([[6.0, 0, 0.5]]), torch.tensor([0.0, 0, 1])
    camera = Cameras.look_at(eye, torch.tensor([0.0, 0, 0.5]), up, 40, 40)
    return FittedViews(gaussians, camera, torch.zeros(3), render(gaussians, camera))


def pixel_of(camera, place):
    at = camera.viewmats[0, :3, :3] @ place + camera.viewmats[0, :3, 3]
    x, y, z = (camera.Ks[0] @ at).tolist()
    return int(y / z), int(x / z)


def test_similarity_to_what_lies_on_a_ray():
    gaussians = scene()
    view = seen(gaussians)
    camera = view.cameras
    eye = camera.positions[0]
    ray = Ray(tuple(eye.tolist()), tuple((PLACES[1] - eye).tolist()))
    shown = feature_outputs(view, ray, "auto")
    like = [shown["similarity"][pixel_of(camera, place)].item() for place in PLACES]
    assert min(like[1], like[2]) > 0.99
    assert max(like[0], like[3]) < 0.5


def test_colors_follow_features_and_emptiness_is_black():
    gaussians = scene()
    view = seen(gaussians)
    camera = view.cameras
    shown = feature_outputs(view, None, "auto")
    assert set(shown) == {"features"}
    a, b, c, d = (shown["features"][pixel_of(camera, place)] for place in PLACES)
    assert (a - d).abs().max() < 0.15 < (a - b).abs().max()
    assert (b - c).abs().max() < 0.15
    assert shown["features"][0, 0].abs().max() == 0


class Clicks:
    """Stands in for the viewer's control."""

    def __init__(self):
        self.waiting, self.drawn = None, 0
        self.viewer = self

    def register_pointer_cb(self, event, callback):
        assert event == "click"
        self.waiting = callback

    def unregister_pointer_cb(self):
        self.waiting = None

    def _trigger_rerender(self):
        self.drawn += 1


def test_one_click_picks_a_ray():
    picker = Picker()
    picker.viewer_control = clicks = Clicks()
    assert picker.ray is None
    picker.pick.cb_hook(picker.pick)
    clicks.waiting(ViewerClick((1.0, 2.0, 3.0), (0.0, 0.0, 1.0), (0.5, 0.5)))
    assert picker.ray == Ray((1.0, 2.0, 3.0), (0.0, 0.0, 1.0))
    assert (clicks.waiting, clicks.drawn) == (None, 1)
    picker.forget.cb_hook(picker.forget)
    assert picker.ray is None
