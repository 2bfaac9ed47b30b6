import json

import pytest
import torch
from commands import call

import gaussrep as gr
from gaussrep.errors import FormatError
from gaussrep.fitting import SceneModel, known_scene


def write_run(folder, scene, transform, scale):
    state = {f"_model.scene.{name}": value for name, value in scene.state_dict().items()}
    (folder / "nerfstudio_models").mkdir()
    torch.save({"pipeline": state}, folder / "nerfstudio_models" / "step-000000009.ckpt")
    content = {"transform": transform, "scale": scale}
    (folder / "dataparser_transforms.json").write_text(json.dumps(content))
    (folder / "config.yml").write_text("!!python/object/apply:os.abort []")
    return folder / "config.yml"


def test_scene_returns_to_the_coordinates_of_its_data(tmp_path):
    known = known_scene()
    turned = [[0.0, -1, 0, 5], [1, 0, 0, 6], [0, 0, 1, 7]]
    matrix = torch.eye(4)
    matrix[:3] = 0.5 * torch.tensor(turned)
    path = write_run(tmp_path, SceneModel(known.transform(matrix)), turned, 0.5)
    found = gr.load(path)
    assert torch.allclose(found.means, known.means, atol=1e-4)
    assert torch.allclose(found.covariances(), known.covariances(), atol=1e-5)
    assert torch.allclose(found.opacities, known.opacities, atol=1e-4)


def test_a_rotation_of_32_bits_is_one(tmp_path):
    turn = torch.linalg.qr(torch.randn(3, 3)).Q
    turn = turn * turn.det() + 1e-6 * torch.randn(3, 3)
    rows = torch.cat([turn, torch.ones(3, 1)], dim=1).tolist()
    assert gr.load(write_run(tmp_path, SceneModel(known_scene()), rows, 2.0)).count > 100


def test_a_transform_that_shears_is_refused(tmp_path):
    rows = [[1.0, 0.5, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]]
    with pytest.raises(FormatError, match="its transform is not a rotation"):
        gr.load(write_run(tmp_path, SceneModel(known_scene()), rows, 1.0))


def test_others_are_refused(tmp_path):
    (tmp_path / "config.yml").write_text("")
    with pytest.raises(FormatError, match="no checkpoint in nerfstudio_models beside this file"):
        gr.load(tmp_path / "config.yml")
    (tmp_path / "nerfstudio_models").mkdir()
    file = tmp_path / "nerfstudio_models" / "step-000000009.ckpt"
    torch.save({"pipeline": {"_model.gauss_params.means": torch.zeros(2, 3)}}, file)
    with pytest.raises(FormatError, match="holds no Gaussians of gaussrep"):
        gr.load(tmp_path / "config.yml")
    file.write_bytes(b"half a checkpoint")
    with pytest.raises(FormatError, match="this checkpoint cannot be read"):
        gr.load(tmp_path / "config.yml")
    refused = call("gaussrep", "convert", tmp_path / "config.yml", tmp_path / "scene.ply")
    assert refused.returncode == 2
    assert "cannot be read" in refused.stderr


CONFIG = """!!python/object:nerfstudio.engine.trainer.TrainerConfig
_target: !!python/name:os.abort
data: {top}
pipeline: !!python/object:nerfstudio.pipelines.base_pipeline.VanillaPipelineConfig
  datamanager: !!python/object:any.Config
    data: null
    dataparser: !!python/object:nerfstudio.data.dataparsers.x.{parser}
      data: !!python/object/apply:pathlib.PosixPath
      {parts}
"""
AXES = [[1.0, 0, 0, 0], [0, 0, 1, 0], [0, -1, 0, 2]]


@pytest.mark.parametrize("top", [True, False])
@pytest.mark.parametrize(
    ("parser", "meta", "before"),
    [
        ("NerfstudioDataParserConfig", {"applied_transform": AXES, "applied_scale": 2}, AXES),
        ("NerfstudioDataParserConfig", {}, torch.eye(3, 4).tolist()),
        ("ColmapDataParserConfig", {"applied_transform": AXES}, torch.eye(3, 4).tolist()),
    ],
)
def test_what_was_applied_to_transforms_json_stays(tmp_path, top, parser, meta, before):
    """As nerfstudio 1.1.5 saves it: the transform of the poses after `applied_transform`."""
    known, rows = known_scene(), torch.tensor([[0.0, -1, 0, 5], [1, 0, 0, 6], [0, 0, 1, 7]])
    matrix = torch.eye(4)
    matrix[:3] = 0.5 * rows
    saved = rows @ torch.cat([torch.tensor(before), torch.tensor([[0.0, 0, 0, 1]])])
    scale = 0.5 * (meta.get("applied_scale", 1) if "Nerfstudio" in parser else 1)
    path = write_run(tmp_path, SceneModel(known.transform(matrix)), saved.tolist(), scale)
    data = tmp_path / "data"
    data.mkdir()
    (data / "transforms.json").write_text(json.dumps(meta))
    parts = "\n      ".join(f"- {json.dumps(part)}" for part in data.parts)
    named = json.dumps(str(data)) if top else "null"
    path.write_text(CONFIG.format(top=named, parser=parser, parts=parts))
    found = gr.load(path)
    assert torch.allclose(found.means, known.means, atol=1e-4)
    assert torch.allclose(found.covariances(), known.covariances(), atol=1e-5)


def test_missing_data_are_named(tmp_path, caplog):
    rows = torch.eye(3, 4).tolist()
    gr.load(write_run(tmp_path, SceneModel(known_scene()), rows, 1.0))
    assert "its data, which it does not name, is missing" in caplog.text
