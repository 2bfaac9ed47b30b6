"""The shipped models load, predict, and score above their trivial baselines."""

import re
from importlib.metadata import entry_points
from pathlib import Path

import pytest
import torch
import yaml

import gaussrep as gr
import gaussrep_models

PACKAGE = Path(gaussrep_models.__file__).parent
NAMES = sorted(path.parent.name for path in PACKAGE.glob("*/config.yaml"))


def test_every_model_is_an_entry_point():
    assert sorted(entry.name for entry in entry_points(group="gaussrep.models")) == NAMES
    assert sum(path.stat().st_size for path in PACKAGE.rglob("*")) < 5e6


@pytest.mark.parametrize("name", NAMES)
def test_it_loads_and_its_card_states_what_it_is(name):
    method = gr.load_run(f"models:{name}")
    count = sum(tensor.numel() for tensor in method.state_dict().values())
    card = (PACKAGE / name / "README.md").read_text(encoding="utf-8")
    metadata = yaml.safe_load(card.split("---\n")[1])
    assert metadata["license"] == "apache-2.0"
    assert f'gr.load_run("models:{name}")' in card
    assert f"`{method.name}`" in card
    assert f"| stored numbers | {count:,} |" in card
    assert "Known limits" in card
    settings = (PACKAGE / name / "config.yaml").read_text(encoding="utf-8")
    assert not re.search(r"(^|[\s|`:])/\w", card + settings)
    assert all(parameter.isfinite().all() for parameter in method.parameters())


def test_gmae_reconstructs_shapes_and_orders_figure_before_ground():
    method = gr.load_run("models:gmae-shapes")
    dataset = gr.build("datasets", {"type": "shapes", "image_size": 64}, split="val")
    samples = [dataset[index] for index in range(16)]
    batch = {"image": torch.stack([sample["image"] for sample in samples])}
    torch.manual_seed(0)
    with torch.no_grad():
        seen = method.render(method.gaussians(batch))
    images = seen.color[:, 0].permute(0, 3, 1, 2)
    mean = batch["image"].mean((2, 3), keepdim=True)
    error, of_mean = ((each - batch["image"]).square().mean() for each in (images, mean))
    assert error < 0.5 * of_mean
    figure = torch.stack([sample["figure"] for sample in samples])
    depth = seen.depth[:, 0]
    assert depth[figure].mean() < depth[~figure].mean()
