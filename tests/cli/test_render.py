import numpy as np
import pytest
import torch
from forked_program import run_gaussrep
from PIL import Image

from gaussrep.cli.render import render
from gaussrep.errors import (
    ConfigError,
    FormatError,
    UnknownNameError,
    ValueRangeError,
)
from gaussrep.formats.by_suffix import save
from gaussrep.gaussians import Gaussians


@pytest.fixture
def file(tmp_path):
    """A red ball left and near, a blue one right and far, as a camera at the origin sees them."""
    gaussians = Gaussians(
        means=torch.tensor([[-1.0, 0, 0], [1.0, 0, 2]]),
        quats=torch.tensor([[1.0, 0, 0, 0]]).expand(2, 4),
        scales=torch.full((2, 3), 0.3),
        opacities=torch.full((2,), 0.99),
        colors=torch.tensor([[1.0, 0, 0], [0, 0, 1.0]]),
    )
    save(gaussians, tmp_path / "scene.ply")
    return tmp_path / "scene.ply"


@pytest.fixture
def draw(file, tmp_path):
    def draw(**options):
        render(file, tmp_path / "out.png", **({"width": 64, "height": 48} | options))
        with Image.open(tmp_path / "out.png") as image:
            return np.asarray(image).astype(int)

    return draw


def test_everything_is_in_the_image_by_default(draw, capsys):
    pixels = draw()
    assert pixels.shape == (48, 64, 3)
    assert (pixels[[0, -1]] > 240).all()
    assert (pixels[:, [0, -1]] > 240).all()
    red = pixels[..., 0] - pixels[..., 2]
    assert red[:, :32].max() > 200
    assert red[:, 32:].min() < -200
    assert capsys.readouterr().out.endswith("out.png: 64x48, 2 Gaussians\n")


def test_the_eye_can_be_moved_behind(draw):
    pixels = draw(eye="0,0,9", look_at="0,0,1")
    blue = pixels[..., 2] - pixels[..., 0]
    assert blue[:, :32].max() > 200
    assert blue[:, 32:].min() < -200


def test_up_turns_the_image(draw):
    pixels = draw(up="0,1,0")
    assert (pixels[..., 0] - pixels[..., 2])[:, 32:].max() > 200


def test_the_point_looked_at_is_in_the_middle(draw):
    red, _, blue = draw(look_at="-1,0,0")[24, 32]
    assert red > 200
    assert blue < 60


@pytest.mark.parametrize(
    ("background", "corner"),
    [("white", [255] * 3), ("black", [0] * 3), ("0.2,0.4,1", [51, 102, 255])],
)
def test_backgrounds(draw, background, corner):
    assert draw(background=background)[0, 0].tolist() == corner


def test_near_is_bright_in_a_depth_image(draw):
    pixels = draw(depth=True)
    assert pixels.shape == (48, 64)
    assert pixels[0, 0] == 0
    assert pixels[:, :32].max() == 255
    assert 55 <= pixels[:, 40:].max() < 100


def test_median_depth_and_normals(draw):
    depth = draw(median_depth=True)
    assert depth[:, :32].max() == 255
    assert 55 <= depth[:, 40:].max() < 100
    normals = draw(normals=True)
    assert normals.shape == (48, 64, 3)
    assert normals[0, 0].tolist() == [0, 0, 0]
    shown = normals[normals.any(-1)] / 127.5 - 1  # x of the balls, whose axes are equally long
    assert set(abs(shown).round().astype(int).argmax(-1)) == {0}


def test_an_empty_view_is_all_background(draw):
    assert (draw(eye="0,0,20", look_at="0,0,30") == 255).all()
    assert (draw(eye="0,0,20", look_at="0,0,30", depth=True) == 0).all()


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        (
            {"depth": True, "normals": True},
            ConfigError,
            "--depth, --normals were given, expected one of them",
        ),
        ({"eye": "1,2"}, ConfigError, "--eye is '1,2', expected three numbers"),
        ({"look_at": "a,b,c"}, ConfigError, "--look-at"),
        ({"up": "0,nan,0"}, ConfigError, "--up"),
        ({"background": "gray"}, ConfigError, "--background is 'gray'"),
        ({"background": "0,0,2"}, ConfigError, "expected values in 0 to 1"),
        ({"fov": 180.0}, ConfigError, "--fov is 180.0"),
        ({"up": "0,0,0"}, ValueRangeError, "looks along up"),
        ({"eye": "0,0,1", "look_at": "0,0,1"}, ValueRangeError, "is at the target"),
        ({"renderer": "nobody"}, UnknownNameError, "nobody"),
    ],
)
def test_bad_options_are_one_sentence_and_write_nothing(file, tmp_path, options, error, words):
    with pytest.raises(error) as caught:
        render(file, tmp_path / "out.png", **options)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == [file]


def test_bad_files_are_one_sentence(file, tmp_path):
    with pytest.raises(FormatError, match="No such file"):
        render(tmp_path / "none.ply", tmp_path / "out.png")
    with pytest.raises(ConfigError, match=r"an image is"):
        render(file, tmp_path / "out.jpg")
    with pytest.raises(ConfigError, match=r"there is no folder .*none; create it"):
        render(file, tmp_path / "none" / "out.png", width=8, height=8)


def run(*arguments):
    return run_gaussrep("render", *arguments)


def test_the_command_draws(file, tmp_path):
    arguments = ["--width", "16", "--height", "12", "--eye", "-1,0,-5", "--look-at", "-1,0,0"]
    done = run(file, "--out", tmp_path / "out.png", *arguments)
    assert done.returncode == 0, done.stderr
    assert "using renderer cpu on cpu" in done.stderr
    with Image.open(tmp_path / "out.png") as image:
        assert image.size == (16, 12)


@pytest.mark.parametrize("options", [["--renderer", "nobody"], ["--eye", "1,2"]])
def test_mistakes_are_one_line_and_exit_code_2(file, tmp_path, options):
    done = run(file, "--out", tmp_path / "out.png", *options)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out.png").exists()


def test_an_orbit_shows_the_scene_from_every_side(file, tmp_path):
    render(file, tmp_path / "clip", width=64, height=48, path="orbit", frames=4)
    names = [f"{number:05d}.png" for number in range(4)]
    assert sorted(path.name for path in (tmp_path / "clip").iterdir()) == names
    red = []
    for name in names:
        with Image.open(tmp_path / "clip" / name) as image:
            pixels = np.asarray(image).astype(int)
        excess = (pixels[..., 0] - pixels[..., 2]).clip(0).sum(0)
        red.append((excess * np.arange(64)).sum() / excess.sum() < 32)
    assert red in ([True, True, False, False], [True, False, False, True])


def test_depths_of_a_clip_have_one_scale(file, tmp_path):
    render(file, tmp_path / "clip", width=64, height=48, path="orbit", frames=2, depth=True)
    for name in ("00000.png", "00001.png"):
        with Image.open(tmp_path / "clip" / name) as image:
            assert 55 <= np.asarray(image).max() <= 255


def test_a_path_that_is_no_file_is_refused(file, tmp_path):
    with pytest.raises(ConfigError, match=r"--path is nowhere\.json, expected orbit or a JSON"):
        render(file, tmp_path / "clip.gif", path="nowhere.json")


def test_a_clip_without_a_path_names_the_option(file, tmp_path):
    with pytest.raises(ConfigError, match="for a clip give --path orbit"):
        render(file, tmp_path / "clip.gif")


def test_axes_of_a_file_are_an_option(tmp_path):
    gaussians = Gaussians(
        means=torch.tensor([[0.0, -1, 0], [0.0, 1, 0]]),
        quats=torch.ones(2, 4),
        scales=torch.full((2, 3), 0.2),
        opacities=torch.full((2,), 0.99),
        colors=torch.tensor([[1.0, 0, 0], [0, 0, 1.0]]),
    )
    save(gaussians, tmp_path / "scene.spz", axes="ply")
    upper = []
    for axes in ("ply", "spz"):
        render(tmp_path / "scene.spz", tmp_path / "out.png", width=48, height=64, axes=axes)
        with Image.open(tmp_path / "out.png") as image:
            pixels = np.asarray(image).astype(int)
        upper.append((pixels[:32, :, 0] - pixels[:32, :, 2]).sum())
    assert upper[0] > 0 > upper[1]


def test_options_of_reading_reach_the_format(file, tmp_path):
    with pytest.raises(ConfigError, match="axes"):
        render(file, tmp_path / "out.png", axes="ply")
    data = file.read_bytes()
    file.write_bytes(data[:-4] + b"\xff\xff\xff\xff")
    with pytest.raises(FormatError, match="impossible"):
        render(file, tmp_path / "out.png", strict=True)


def test_linear_colors_are_encoded_for_the_image(file, draw):
    ball = Gaussians(
        means=torch.zeros(1, 3),
        quats=torch.tensor([[1.0, 0, 0, 0]]),
        scales=torch.full((1, 3), 5.0),
        opacities=torch.ones(1),
        colors=torch.full((1, 3), 0.214041),
    )
    middles = []
    for color_space in ("srgb", "linear"):
        save(ball.replace(color_space=color_space), file)
        pixels = draw(eye="0,0,-3", background="0.5,0.5,0.5")
        middles.append(pixels[24, 32, 0])
    assert middles == [55, 127]
