"""`reference` against a per-pixel loop that shares nothing with it but the formulas."""

import math

import numpy as np
import pytest
import torch

from gaussrep.cameras import Cameras
from gaussrep.gaussians import Gaussians
from gaussrep.rendering.reference import ReferenceRenderer


def rotation(q):
    """Rotation matrix by turning the three unit vectors with q v q*."""
    w, v = q[0] / np.linalg.norm(q), q[1:] / np.linalg.norm(q)
    turned = [e + 2 * w * np.cross(v, e) + 2 * np.cross(v, np.cross(v, e)) for e in np.eye(3)]
    return np.stack(turned, axis=1)


def ellipse(mean, quat, scale, viewmat, K, width, height, model):
    """Center, 2D covariance and depth of one Gaussian, or None in front of the near plane."""
    R, t = viewmat[:3, :3], viewmat[:3, 3]
    x, y, z = R @ mean + t
    if z < 0.01:
        return None
    fx, fy, cx, cy = K[0, 0], K[1, 1], K[0, 2], K[1, 2]
    if model == "ortho":
        center = np.array([fx * x + cx, fy * y + cy])
        J = np.array([[fx, 0, 0], [0, fy, 0]])
    else:
        center = np.array([fx * x / z + cx, fy * y / z + cy])
        tx = z * min(
            (width - cx) / fx + 0.15 * width / fx, max(-cx / fx - 0.15 * width / fx, x / z)
        )
        ty = z * min(
            (height - cy) / fy + 0.15 * height / fy, max(-cy / fy - 0.15 * height / fy, y / z)
        )
        J = np.array([[fx / z, 0, -fx * tx / z**2], [0, fy / z, -fy * ty / z**2]])
    A = J @ R @ rotation(quat) @ np.diag(scale)
    return center, A @ A.T + 0.3 * np.eye(2), z


def draw(scene, viewmat, K, width, height, model, background):
    """Color, alpha and expected depth by a loop over pixels and Gaussians."""
    parts = []
    for i in range(len(scene["means"])):
        found = ellipse(
            scene["means"][i],
            scene["quats"][i],
            scene["scales"][i],
            viewmat,
            K,
            width,
            height,
            model,
        )
        if found is not None:
            parts.append((found[2], i, found[0], np.linalg.inv(found[1])))
    parts.sort(key=lambda part: part[:2])
    color = np.zeros((height, width, 3))
    alpha, depth = np.zeros((height, width)), np.zeros((height, width))
    for row in range(height):
        for column in range(width):
            left = 1.0
            for z, i, center, conic in parts:
                d = np.array([column + 0.5, row + 0.5]) - center
                a = min(0.999, scene["opacities"][i] * math.exp(-0.5 * d @ conic @ d))
                if a < 1 / 255:
                    continue
                if left * (1 - a) <= 1e-4:
                    break
                color[row, column] += left * a * scene["colors"][i]
                depth[row, column] += left * a * z
                left *= 1 - a
            alpha[row, column] = 1 - left
            color[row, column] += left * background
    return color, alpha, depth / np.where(alpha > 0, alpha, 1)


def random_scene(rng, count, spread=1.0, size=0.2):
    return {
        "means": rng.normal(size=(count, 3)) * spread,
        "quats": rng.normal(size=(count, 4)),
        "scales": rng.uniform(0.2, 1, size=(count, 3)) * size,
        "opacities": rng.uniform(0.1, 1, size=count),
        "colors": rng.uniform(size=(count, 3)),
    }


def pinhole(rng, width, height, distance=4.0):
    viewmat = np.eye(4)
    viewmat[:3, :3] = rotation(rng.normal(size=4))
    viewmat[:3, 3] = [0.1, -0.2, distance]
    K = np.array([[width * 1.1, 0, width * 0.45], [0, width * 0.9, height * 0.6], [0, 0, 1]])
    return viewmat, K


def check(scene, viewmat, K, width, height, model="pinhole", background=(0.2, 0.5, 0.9)):
    background = np.array(background)
    color, alpha, depth = draw(scene, viewmat, K, width, height, model, background)
    tensors = {name: torch.tensor(value) for name, value in scene.items()}
    cameras = Cameras(torch.tensor(viewmat)[None], torch.tensor(K)[None], width, height, model)
    out = ReferenceRenderer().render(Gaussians(**tensors), cameras, torch.tensor(background))
    assert np.abs(out.color[0].numpy() - color).max() < 1e-6
    assert np.abs(out.alpha[0].numpy() - alpha).max() < 1e-6
    assert np.abs(out.depth[0].numpy() - depth).max() < 1e-6
    return alpha


@pytest.mark.parametrize("model", ["pinhole", "ortho"])
@pytest.mark.parametrize("seed", range(3))
def test_random_scene(seed, model):
    rng = np.random.default_rng(seed)
    viewmat, K = pinhole(rng, 13, 9)
    if model == "ortho":
        K[0, 0], K[1, 1] = 3.0, 4.0
    alpha = check(random_scene(rng, 30), viewmat, K, 13, 9, model)
    assert alpha.max() > 0.3


def test_behind_and_at_the_near_plane():
    rng = np.random.default_rng(3)
    scene = random_scene(rng, 5)
    scene["means"] = np.array([[0, 0, z] for z in (-1.0, 0.0, 0.0099, 0.01, 2.0)])
    scene["scales"][:] = [[1e-4, 1e-4, 1e-4]] * 4 + [[0.3, 0.3, 0.3]]
    _, K = pinhole(rng, 8, 8)
    assert check(scene, np.eye(4), K, 8, 8).max() > 0.1


def test_outside_the_frame():
    rng = np.random.default_rng(4)
    scene = random_scene(rng, 40, spread=6.0, size=1.5)
    viewmat, K = pinhole(rng, 10, 6, distance=3.0)
    check(scene, viewmat, K, 10, 6)


def test_nothing_visible():
    rng = np.random.default_rng(5)
    scene = random_scene(rng, 4)
    scene["means"] += [100.0, 0, 0]
    _, K = pinhole(rng, 8, 8)
    viewmat = np.eye(4)
    viewmat[2, 3] = 3.0
    assert check(scene, viewmat, K, 8, 8).max() == 0


def test_nearly_singular():
    rng = np.random.default_rng(6)
    scene = random_scene(rng, 12)
    scene["scales"] = 10.0 ** rng.uniform(-9, 1, size=(12, 3))
    viewmat, K = pinhole(rng, 16, 12)
    check(scene, viewmat, K, 16, 12)


def test_opaque_stack_reaches_the_stop():
    rng = np.random.default_rng(7)
    scene = random_scene(rng, 30, spread=0.05, size=2.0)
    scene["opacities"] = rng.uniform(0.9, 1, size=30)
    viewmat, K = pinhole(rng, 7, 7)
    assert check(scene, viewmat, K, 7, 7).max() > 0.999


def test_one_pixel_image():
    rng = np.random.default_rng(8)
    viewmat, K = pinhole(rng, 1, 1)
    check(random_scene(rng, 20, spread=0.2), viewmat, K, 1, 1)


def test_equal_depths_are_composited_by_index():
    rng = np.random.default_rng(9)
    scene = random_scene(rng, 6, spread=0.3, size=0.5)
    scene["means"][:, 2] = 2.0
    _, K = pinhole(rng, 9, 9)
    check(scene, np.eye(4), K, 9, 9)
