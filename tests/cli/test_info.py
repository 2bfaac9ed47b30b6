import pytest
import torch

from gaussrep.cli.info import info
from gaussrep.errors import ConfigError, FormatError
from gaussrep.formats.by_suffix import save
from gaussrep.gaussians import Gaussians


def test_a_file_is_summarized(tmp_path, capsys):
    scene = Gaussians(
        means=torch.tensor([[0.0, 0, 0], [2, 4, 6]]),
        quats=torch.ones(2, 4),
        scales=torch.full((2, 3), 0.5),
        opacities=torch.tensor([0.5, 0.5]),
        sh=torch.zeros(2, 4, 3),
    )
    path = tmp_path / "a.glb"
    save(scene, path)
    info(path)
    first, second, head, *rows = capsys.readouterr().out.splitlines()
    size = path.stat().st_size
    assert first == f"{path}: 2 Gaussians, SH of degree 1, {size} bytes"
    assert second.startswith("written by: gaussrep ")
    assert head.split() == ["least", "1", "%", "25", "%", "median", "75", "%", "99", "%", "largest"]
    shown = {row.split()[0]: row.split()[1:] for row in rows}
    assert shown["y"] == ["0", "0.04", "1", "2", "3", "3.96", "4"]
    assert shown["scale"] == ["0.5"] * 7
    assert list(shown) == ["x", "y", "z", "scale", "opacity"]


def test_a_missing_file_is_one_sentence(tmp_path):
    with pytest.raises(FormatError, match="No such file"):
        info(tmp_path / "none.ply")


def test_axes_and_strict_are_settings_of_reading(tmp_path, capsys):
    scene = Gaussians(
        means=torch.tensor([[0.0, 1, 2]]),
        quats=torch.ones(1, 4),
        scales=torch.ones(1, 3),
        opacities=torch.ones(1),
        colors=torch.zeros(1, 3),
        antialiased=True,
    )
    save(scene, tmp_path / "a.spz", axes="ply")
    info(tmp_path / "a.spz", axes="spz", strict=True)
    shown = capsys.readouterr().out
    assert "SH of degree 0, antialiased" in shown
    assert "-1" in next(line for line in shown.splitlines() if line.strip().startswith("y"))
    save(scene, tmp_path / "a.ply")
    with pytest.raises(ConfigError, match="axes"):
        info(tmp_path / "a.ply", axes="ply")
