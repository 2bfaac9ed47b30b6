"""Contracts can fail: each of these components breaks some promises, and exactly those are said."""

import os
import re
import subprocess
import sys

import pytest

PLUGIN = """
@hookimpl
def register_losses():
    yield LossRecord(name="leaky", summary="S.", target="bad_parts:Leaky")

@hookimpl
def register_renderers():
    yield RendererRecord(
        name="detached", summary="S.", target="bad_parts:Detached", is_reference_equivalent=False,
        devices=frozenset({"cpu"}),
        capabilities=frozenset({"pinhole", "ortho", "differentiable", "float64"}),
    )
    yield RendererRecord(
        name="brighter", summary="S.", target="bad_parts:Brighter",
        devices=frozenset({"cpu"}), capabilities=frozenset({"pinhole", "depth"}),
    )

@hookimpl
def register_encoders():
    yield EncoderRecord(name="mixing", summary="S.", target="bad_parts:Mixing", modality="image")
    yield EncoderRecord(name="pooling", summary="S.", target="bad_parts:Pooling", modality="points")

@hookimpl
def register_methods():
    yield MethodRecord(name="idle", summary="S.", target="bad_parts:Idle")
"""
PARTS = """
import itertools
import torch
from torch import nn
from gaussrep.config import ComponentConfig
from gaussrep.encoders.encoder import ImageEncoder
from gaussrep.encoders.encoder import PointEncoder
from gaussrep.losses.loss import Loss
from gaussrep.methods import Method, StepOutput
from gaussrep.rendering import Renderer
from gaussrep.rendering.reference import ReferenceRenderer
from dataclasses import replace

class Leaky(Loss):
    def forward(self, prediction, target, mask=None):
        return (prediction - target).square().mean()

class Detached(Renderer):
    def rasterize(self, gaussians, cameras, background):
        out = ReferenceRenderer().rasterize(
            gaussians.replace(opacities=gaussians.opacities.detach()), cameras, background
        )
        return replace(out, depth=torch.zeros_like(out.depth))

class Brighter(Renderer):
    def rasterize(self, gaussians, cameras, background):
        out = ReferenceRenderer().rasterize(gaussians, cameras, background)
        return replace(out, color=out.color * 1.001)

class Mixing(ImageEncoder):
    width = 3
    def forward(self, images):
        means = nn.functional.avg_pool2d(images, 8)
        return (means - means.mean(0)).permute(0, 3, 2, 1)

class Pooling(PointEncoder):
    width = 4
    def __init__(self, channels):
        super().__init__()
        self.layer = nn.Linear(channels, 4)
        self.unused = nn.Linear(2, 2)
    def forward(self, cloud):
        said = self.layer(cloud.features)
        return said - said.mean(0) + said.cumsum(0)

COUNT = itertools.count()

class Idle(Method):
    def __init__(self):
        super().__init__(ComponentConfig(type="idle"))
        self.used = nn.Parameter(torch.ones(3))
        self.unused = nn.Parameter(torch.ones(3))
        self.twin = nn.Parameter(self.used.data)
    def training_loss(self, batch):
        said = (self.used * self.twin)[:, None, None]
        noise = 1e-4 * next(COUNT)
        return StepOutput((said - batch["image"]).square().mean() + noise)
    def no_weight_decay(self):
        return {"usde"}
"""
TESTS = """
from gaussrep.testing import *

class TestLeaky(LossContract):
    name = "leaky"

class TestDetached(RendererContract):
    name = "detached"

class TestBrighter(RendererContract):
    name = "brighter"

class TestMixing(ImageEncoderContract):
    name = "mixing"

class TestPooling(PointEncoderContract):
    name = "pooling"

class TestIdle(MethodContract):
    name = "idle"
"""
BROKEN = {
    "TestLeaky": {
        "test_pixels_outside_the_mask_reach_neither_value_nor_gradient",
        "test_an_empty_mask_is_zero_with_a_gradient",
        "test_a_wrong_shape_is_named_instead_of_broadcast",
    },
    "TestDetached": {"test_gradients_agree_with_finite_differences"},
    "TestBrighter": {
        "test_values_agree_with_the_reference",
        "test_background_shows_where_nothing_is",
        "test_empty_scenes",
        "test_empty_axes",
    },
    "TestMixing": {
        "test_images_are_independent",
        "test_the_map_has_the_layout_of_the_image",
    },
    "TestPooling": {
        "test_scenes_know_nothing_of_each_other",
        "test_the_order_of_voxels_does_not_matter",
        "test_every_parameter_learns",
    },
    "TestIdle": {
        "test_every_parameter_learns",
        "test_what_is_random_is_drawn_from_torch",
        "test_its_weights_are_all_that_it_is",
        "test_no_two_weights_share_their_memory",
        "test_what_it_names_exists",
    },
}


@pytest.mark.slow
def test_what_is_broken_is_found_and_nothing_else(site, tmp_path):
    site.add("bad", PLUGIN, modules={"bad_parts": PARTS})
    file = tmp_path / "test_bad.py"
    file.write_text(TESTS, encoding="utf-8")
    path = os.pathsep.join([str(site.folder), os.environ.get("PYTHONPATH", "")])
    variables = {"PYTHONPATH": path, "GAUSSREP_PLUGINS": "bad", "OMP_NUM_THREADS": "1"}
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rf", "--tb=no", file],
        cwd=tmp_path, env=os.environ | variables, capture_output=True, text=True, check=False,
    )  # fmt: skip
    found = set(re.findall(r"^FAILED \S+?::(\w+)::(\w+)", ran.stdout, re.MULTILINE))
    assert found == {(name, test) for name, tests in BROKEN.items() for test in tests}
