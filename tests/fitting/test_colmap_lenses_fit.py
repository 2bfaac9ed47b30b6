"""A model of views through all lenses, written by pycolmap, is fitted in its coordinates."""

import numpy as np
import pytest
import torch
from PIL import Image

import gaussrep as gr
from gaussrep.cameras import Cameras
from gaussrep.config import load_config
from gaussrep.evaluation.inspection import inspect_run
from gaussrep.fitting import FitConfig, fit
from gaussrep.fitting.colmap_model import MODELS
from gaussrep.fitting.synthetic import known_scene
from gaussrep.rendering import render

pycolmap = pytest.importorskip("pycolmap")

SIZE, FOCAL = 40, 55.0
SOURCE, SOURCE_FOCAL = 120, 110.0
BENDS = {"k1": -0.08, "k2": 0.03, "k3": 0.01, "k": -0.05, "p1": 0.01, "p2": -0.01, "omega": 0.4}
BENDS |= {"alpha": 0.6, "beta": 1.1, "sx1": 0.01, "sy1": -0.01}
MOVE = torch.tensor([[0.0, -3, 0, 1], [0, 0, -3, 2], [3, 0, 0, 5], [0, 0, 0, 1]])
"""From the scene's coordinates to those of the model: a turn, a scale of 3, a shift."""


def write_model(folder):
    """Write two views for every camera model, resampled along pycolmap's rays; return pinholes."""
    scene = known_scene().transform(MOVE)
    (folder / "images").mkdir(parents=True)
    written = pycolmap.Reconstruction()
    points = np.full((len(scene.means[::3]), 2), SIZE / 2)  # where points are seen is not read
    names = sorted(name for name, _ in MODELS.values() if name != "EQUIRECTANGULAR")
    step = torch.arange(2 * len(names)) + 0.5
    height, angle = torch.lerp(torch.tensor(0.2), torch.tensor(0.9), step / len(step)), 2.4 * step
    across = (1 - height * height).sqrt()
    eyes = 4 * torch.stack([across * angle.cos(), across * angle.sin(), height], -1)
    source = Cameras.look_at(
        eyes, torch.tensor([0.0, 0, 0.25]), torch.tensor([0.0, 0, 1]), SOURCE, SOURCE
    )
    K = torch.tensor([[SOURCE_FOCAL, 0, SOURCE / 2], [0, SOURCE_FOCAL, SOURCE / 2], [0, 0, 1]])
    source = source.transform(MOVE).replace(Ks=K.expand(len(step), 3, 3))
    colors = render(scene, source).color.clamp(0, 1)
    for number, name in enumerate(names):
        member = pycolmap.CameraModelId.__members__[name]
        camera = pycolmap.Camera.create_from_model_id(number + 1, member, FOCAL, SIZE, SIZE)
        named = camera.params_info.split(", ")
        camera.params = [BENDS.get(k, p) for k, p in zip(named, camera.params, strict=True)]
        written.add_camera_with_trivial_rig(camera)
        rows, columns = np.mgrid[:SIZE, :SIZE] + 0.5
        pixels = np.stack([columns.ravel(), rows.ravel()], -1)
        slopes = torch.from_numpy(np.array(camera.cam_from_img(pixels))).float()
        grid = (slopes.reshape(1, SIZE, SIZE, 2) * SOURCE_FOCAL) / (SOURCE / 2)
        for view in (2 * number, 2 * number + 1):
            file = f"{name.lower()}-{view % 2}.png"
            source_image = colors[view].movedim(-1, 0)[None]
            seen = torch.nn.functional.grid_sample(source_image, grid, align_corners=False)[0]
            levels = (255 * seen.movedim(0, -1)).round().byte().numpy()
            Image.fromarray(levels).save(folder / "images" / file)
            image = pycolmap.Image(file, points, camera_id=number + 1, image_id=view + 1)
            pose = pycolmap.Rigid3d(source.viewmats[view, :3].double().numpy())
            written.add_image_with_trivial_frame(image, pose)
    for place, (mean, color) in enumerate(zip(scene.means[::3], scene.colors[::3], strict=True)):
        track = pycolmap.Track()
        for image in (1, 2):
            track.add_element(image, place)
        written.add_point3D(mean.double().numpy(), track, (255 * color).byte().numpy())
    (folder / "sparse" / "0").mkdir(parents=True)
    written.write_binary(str(folder / "sparse" / "0"))
    return source, colors


def test_all_lenses_in_one_fit(tmp_path):
    folder = tmp_path / "colmap"
    source, colors = write_model(folder)
    overrides = ["data.hold_out_every=9", "steps=150", "sh_degree=0"]
    overrides += ["tensorboard=false", "strategy.max_gaussians=400"]
    config = load_config(FitConfig, {"data": {"path": str(folder)}}, [], overrides)
    result = fit(config, tmp_path / "run")
    assert result.metrics is not None
    assert result.metrics.psnr > 20
    report = inspect_run(tmp_path / "run", [], tmp_path / "report", [], [])
    assert report.page.is_file()
    fitted = gr.load(tmp_path / "run" / "scene.ply")
    shown = render(fitted, source).color
    error = (shown - colors).square().mean()
    assert -10 * error.log10().item() > 20
