import torch
from nerfstudio.data.scene_box import OrientedBox

from gaussrep import Cameras, render
from gaussrep.fitting import known_scene
from gaussrep_nerfstudio.view_outputs import inside, outputs_of

EYE = Cameras.look_at(
    torch.tensor([[4.0, 0, 1]]), torch.zeros(3), torch.tensor([0.0, 0, 1]), width=40, height=30
)


def drawn(gaussians):
    return outputs_of(render(gaussians, EYE, background=torch.tensor([0.0, 0, 1])))


def test_outputs_have_nerfstudios_shapes():
    outputs = drawn(known_scene())
    shapes = {name: tuple(tensor.shape) for name, tensor in outputs.items()}
    assert shapes == {"rgb": (30, 40, 3), "depth": (30, 40, 1), "accumulation": (30, 40, 1)}
    assert outputs["rgb"][0, 0].tolist() == [0, 0, 1]


def test_only_what_lies_in_the_box_is_drawn():
    scene = known_scene()
    box = OrientedBox.from_params((0.0, 0.0, 0.0), (0.0, 0.0, 0.0), (4.0, 0.6, 4.0))
    wanted = scene.prune(scene.means[:, 1].abs() < 0.3)
    assert 0 < wanted.count < scene.count
    assert torch.allclose(drawn(inside(scene, box))["rgb"], drawn(wanted)["rgb"], atol=1e-5)


def test_an_empty_box_shows_the_background():
    nowhere = OrientedBox.from_params((9.0, 9.0, 9.0), (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
    outputs = drawn(inside(known_scene(), nowhere))
    assert outputs["accumulation"].max() == 0
    assert (outputs["rgb"] == torch.tensor([0.0, 0, 1])).all()
