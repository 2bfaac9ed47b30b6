import numpy as np
import pytest
import torch

from gaussrep.errors import DataError
from gaussrep.fitting.lens import Distortion, Lens, undistort

K = np.array([[30.0, 0, 15], [0, 28, 11], [0, 0, 1]])


def test_without_distortion_nothing_changes():
    image = torch.rand(20, 30, 4)
    torch.testing.assert_close(undistort(image, K, Distortion()), image, atol=1e-4, rtol=0)


LENSES = {
    "OPENCV": {"k1": -0.1, "k2": 0.02, "k3": 0.01, "p1": 0.003, "p2": -0.002},
    "PERSPECTIVE": {"k1": -0.1, "k4": 0.05},
    "FULL_OPENCV": {"k1": -0.1, "k2": 0.02, "k4": 0.05, "k5": 0.01, "k6": 0.003, "p1": 0.002},
    "OPENCV_FISHEYE": {"k1": 0.02, "k2": -0.01, "k3": 0.003, "k4": -0.001},
}


def bent(model, x, y, k1=0.0, k2=0.0, k3=0.0, k4=0.0, k5=0.0, k6=0.0, p1=0.0, p2=0.0):
    """The camera models as COLMAP and OpenCV document them."""
    r = np.hypot(x, y)
    if model == "OPENCV_FISHEYE":
        a = np.arctan(r)
        turned = a + k1 * a**3 + k2 * a**5 + k3 * a**7 + k4 * a**9
        return x * turned / r, y * turned / r
    radial = 1 + k1 * r**2 + k2 * r**4 + k3 * r**6
    if model == "FULL_OPENCV":
        radial = radial / (1 + k4 * r**2 + k5 * r**4 + k6 * r**6)
    else:
        radial = radial + k4 * r**8
    return (
        x * radial + 2 * p1 * x * y + p2 * (r**2 + 2 * x**2),
        y * radial + p1 * (r**2 + 2 * y**2) + 2 * p2 * x * y,
    )


@pytest.mark.parametrize("model", LENSES)
def test_samples_where_the_lens_put_it(model):
    """An image whose value is its own x, y coordinate tells where each pixel was taken from."""
    rows, columns = np.mgrid[:20, :30] + 0.5
    distortion = Lens(camera_model=model, **LENSES[model]).distortion
    found = undistort(torch.from_numpy(np.stack([columns, rows], -1)), K, distortion)
    x, y = bent(model, (columns - 15) / 30, (rows - 11) / 28, **LENSES[model])
    expected = np.stack([30 * x + 15, 28 * y + 11], -1)
    inside = (slice(3, -3), slice(3, -3))  # these lenses never look beyond their border here
    np.testing.assert_allclose(found[inside], expected[inside], atol=1e-3)


def test_parameters_of_nerfstudio_are_in_its_order():
    found = Lens(distortion_params=[0.1, 0.2, 0.3, 0.4, 0.5, 0.6]).distortion
    assert found == Distortion((0.1, 0.2, 0.3, 0.4), (0.5, 0.6))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"camera_model": "EQUIRECTANGULAR"}, "EQUIRECTANGULAR is not read, expected one of"),
        ({"k5": 0.1}, "OPENCV has no k5, which is not 0"),
        ({"is_fisheye": True, "p1": 0.1, "p2": 0.1}, "OPENCV_FISHEYE has no p1 and p2"),
    ],
)
def test_refuses_what_is_not_read_by_name(values, message):
    with pytest.raises(DataError, match=message):
        _ = Lens(**values).distortion


def test_an_image_must_have_the_aspect_ratio_of_its_camera():
    lens = Lens(w=1001, h=667)
    for size in ((1001, 667), (501, 334), (500, 333), (2002, 1334)):
        lens.check_size(size)
    with pytest.raises(
        DataError, match="667x1001 pixels, its camera 1001x667, which is the same tu"
    ):
        lens.check_size((667, 1001))
    with pytest.raises(DataError, match="another aspect ratio"):
        lens.check_size((1001, 600))
