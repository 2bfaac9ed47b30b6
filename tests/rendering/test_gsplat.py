"""`gsplat` against a stand-in of the same interface here, and the real one where there is a GPU."""

import importlib
import subprocess
import sys
from types import ModuleType

import pytest
import torch
from packaging.version import Version

from gaussrep import plugins
from gaussrep.cameras import Cameras
from gaussrep.errors import CapabilityError, UnavailableError
from gaussrep.gaussians import Gaussians
from gaussrep.rendering import Renderer, render
from gaussrep.rendering.config import GsplatConfig
from gaussrep.rendering.conventions import EPS2D, MIN_ALPHA, NEAR
from gaussrep.rendering.gsplat import kernels
from gaussrep.rendering.gsplat import renderer as module
from gaussrep.rendering.gsplat.renderer import (
    GsplatRasterizer,
    GsplatRenderer,
    move_intrinsics_gradients,
)
from gaussrep.rendering.reference import ReferenceRenderer
from gaussrep.testing import RendererContract
from gaussrep.testing.scenes import RenderInput, random_scene

VERSIONS = ["1.4.0", "1.5.2", "1.5.3", "1.5.3+pt24cu124"]


class StandIn:
    """gsplat's `rasterization` of one version, drawn by the reference; it keeps its arguments."""

    def __init__(self, version):
        self.version = Version(version)
        self.calls = []

    def __call__(
        self, means, quats, scales, opacities, colors, viewmats, Ks, width, height,
        near_plane=0.01, far_plane=1e10, radius_clip=0.0, eps2d=0.3, sh_degree=None, packed=True,
        tile_size=16, backgrounds=None, render_mode="RGB", sparse_grad=False, absgrad=False,
        rasterize_mode="classic", channel_chunk=32, distributed=False, camera_model="pinhole",
        covars=None,
    ):  # fmt: skip
        self.calls.append({k: v for k, v in locals().items() if k != "self"})
        lead, count, views = means.shape[:-2], means.shape[-2], viewmats.shape[-3]
        assert count > 0
        assert lead.numel() > 0
        if self.version < Version("1.5.3"):
            assert lead == ()
        if self.version < Version("1.5.0"):
            assert (opacities >= MIN_ALPHA).all(), "padding costs time in 1.4"
        assert quats.shape == (*lead, count, 4)
        assert scales.shape == (*lead, count, 3)
        assert opacities.shape == (*lead, count)
        assert viewmats.shape == (*lead, views, 4, 4)
        assert Ks.shape == (*lead, views, 3, 3)
        assert colors.shape[:-1] in [(*lead, count), (*lead, views, count)]
        assert all(t.is_contiguous() for t in (means, quats, scales, opacities, colors))
        assert (near_plane, eps2d, radius_clip) == (NEAR, EPS2D, 0.0)
        assert (render_mode, backgrounds) == ("RGB+ED", None)
        antialiased = {"classic": False, "antialiased": True}[rasterize_mode]
        per_view = colors.ndim == means.ndim + 1
        drawn = []
        for v in range(views):
            seen = colors[..., v, :, :] if per_view else colors
            g = Gaussians(means, quats, scales, opacities, torch.zeros_like(means), features=seen)
            g = g.replace(antialiased=antialiased)
            one = slice(v, v + 1)
            ideal = torch.zeros(*lead, 1, 4, dtype=Ks.dtype) if camera_model == "fisheye" else None
            cameras = Cameras(
                viewmats[..., one, :, :], Ks[..., one, :, :].detach(), width, height, camera_model,
                ideal,
            )  # fmt: skip
            drawn.append(ReferenceRenderer().render(g, cameras))
        mixed = [torch.cat([out.features, out.depth[..., None]], -1) for out in drawn]
        alpha = torch.cat([out.alpha for out in drawn], -3)
        return torch.cat(mixed, -4), alpha[..., None], {}


class OnCpu(Renderer):
    """The adapter without its device check."""

    camera_models = GsplatRenderer.camera_models
    outputs = GsplatRenderer.outputs

    def __init__(self, version, config=None):
        self.gsplat = StandIn(version)
        self.rasterizer = GsplatRasterizer(self.gsplat, Version(version), config or GsplatConfig())

    def rasterize(self, gaussians, cameras, background):
        return self.rasterizer.rasterize(gaussians, cameras, background)


class TestAdapter(RendererContract):
    name = "gsplat"

    @pytest.fixture(params=["1.4.0", "1.5.3"])
    def renderer(self, request):
        return OnCpu(request.param)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("features", [0, 3, 16, 64, 384])
def test_color_features_and_depth_come_of_one_pass(version, features):
    scene = random_scene(1, batch=(2,), views=2, count=6, features=features)
    renderer = OnCpu(version)
    actual = renderer.render(scene.gaussians, scene.cameras, scene.background)
    expected = ReferenceRenderer().render(scene.gaussians, scene.cameras, scene.background)
    for name in ("color", "alpha", "depth", "features"):
        one, two = getattr(actual, name), getattr(expected, name)
        assert (one is None) == (two is None)
        if one is not None:
            torch.testing.assert_close(one, two)
    assert len(renderer.gsplat.calls) == (1 if renderer.rasterizer.version.micro == 3 else 2)
    assert {call["colors"].shape[-1] for call in renderer.gsplat.calls} == {3 + features}


@pytest.mark.parametrize("version", VERSIONS)
def test_spherical_harmonics_of_every_scene_are_evaluated_before(version):
    scene = random_scene(2, batch=(2, 2), views=3, sh_degree=2, features=2)
    renderer = OnCpu(version)
    actual = renderer.render(scene.gaussians, scene.cameras, scene.background)
    expected = ReferenceRenderer().render(scene.gaussians, scene.cameras, scene.background)
    torch.testing.assert_close(actual.color, expected.color)
    torch.testing.assert_close(actual.features, expected.features)
    assert all(call["sh_degree"] is None for call in renderer.gsplat.calls)


def test_settings_reach_gsplat():
    scene = random_scene(3, model="ortho")
    renderer = OnCpu("1.5.3", GsplatConfig(packed=True, channel_chunk=64))
    renderer.render(scene.gaussians, scene.cameras)
    (call,) = renderer.gsplat.calls
    assert (call["packed"], call["channel_chunk"], call["camera_model"]) == (True, 64, "ortho")


def test_scenes_of_nothing_but_padding():
    scene = random_scene(4, batch=(2,), count=3)
    empty = scene.gaussians.replace(opacities=torch.zeros(2, 3, dtype=torch.float64))
    renderer = OnCpu("1.4.0")
    out = renderer.render(empty, scene.cameras, scene.background)
    assert renderer.gsplat.calls == []
    torch.testing.assert_close(out.color, scene.background[..., None, None, :].expand_as(out.color))


@pytest.fixture
def fisheye():
    """A scene in front of fisheyes without coefficients."""
    scene = random_scene(6, batch=(2,), views=2, model="fisheye")
    cameras = scene.cameras.replace(distortion=torch.zeros_like(scene.cameras.distortion))
    return RenderInput(scene.gaussians, cameras, scene.background)


@pytest.mark.parametrize("version", VERSIONS)
def test_fisheyes_without_coefficients(version, fisheye):
    renderer = OnCpu(version)
    actual = renderer.render(fisheye.gaussians, fisheye.cameras, fisheye.background)
    expected = ReferenceRenderer().render(fisheye.gaussians, fisheye.cameras, fisheye.background)
    torch.testing.assert_close(actual.color, expected.color)
    assert expected.alpha.max() > 0.1
    assert {call["camera_model"] for call in renderer.gsplat.calls} == {"fisheye"}


def test_other_fisheyes_are_refused(fisheye):
    cameras = fisheye.cameras
    bent = cameras.replace(distortion=cameras.distortion + torch.tensor([0.0, 0, 0, 1e-3]))
    with pytest.raises(CapabilityError, match="without distortion coefficients, and these have"):
        OnCpu("1.5.3").render(fisheye.gaussians, bent)
    learned = cameras.replace(Ks=cameras.Ks.clone().requires_grad_())
    with pytest.raises(CapabilityError, match="no gradients of a fisheye's intrinsics"):
        OnCpu("1.5.3").render(fisheye.gaussians, learned)
    with torch.no_grad():
        OnCpu("1.5.3").render(fisheye.gaussians, learned)


def test_a_call_requires_no_coefficients_where_they_are_zero(fisheye):
    scene = fisheye.to(torch.float32)
    with pytest.raises(CapabilityError, match=r"'gsplat' cannot do device cpu; use the .* 'cpu'"):
        render(scene.gaussians, scene.cameras, renderer="gsplat")
    bent = scene.cameras.replace(distortion=scene.cameras.distortion + 0.01)
    with pytest.raises(CapabilityError, match="'gsplat' cannot do device cpu, fisheye; use the"):
        render(scene.gaussians, bent, renderer="gsplat")


@pytest.mark.parametrize("model", ["pinhole", "ortho"])
def test_carrying_intrinsics_changes_no_value(model):
    cameras = random_scene(5, views=3, model=model).cameras
    assert move_intrinsics_gradients(cameras) is cameras
    wanting = cameras.replace(Ks=cameras.Ks.clone().requires_grad_())
    carrying = move_intrinsics_gradients(wanting)
    assert torch.equal(carrying.viewmats, cameras.viewmats)
    assert torch.equal(carrying.Ks, cameras.Ks)
    assert not carrying.Ks.requires_grad


@pytest.fixture
def machine(monkeypatch):
    """A machine whose CUDA parts are set one by one; nothing of it is called."""

    def have(cuda="13.0", device=True, nvcc=True, built=False):
        monkeypatch.setattr(torch.version, "cuda", cuda)
        monkeypatch.setattr(torch.cuda, "is_available", lambda: device)
        monkeypatch.setattr(kernels, "_has_compiler", lambda: nvcc)
        monkeypatch.setattr(kernels, "_has_built_kernels", lambda: built)

    return have


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        ({"cuda": None}, ["built without it", "install a CUDA build", "renderer 'auto'"]),
        ({"device": False}, ["no", "nvidia-smi", "renderer 'auto'"]),
        ({"nvcc": False}, ["no nvcc", "CUDA toolkit 13.0", "renderer 'triton'"]),
    ],
)
def test_what_is_missing_is_one_sentence(machine, missing, words):
    machine(**missing)
    with pytest.raises(UnavailableError) as caught:
        GsplatRenderer()
    assert all(word in str(caught.value) for word in words)
    assert "\n" not in str(caught.value)


def test_built_kernels_need_no_toolkit(machine):
    machine(nvcc=False, built=True)
    assert GsplatRenderer().version >= Version("1.4")


def test_built_kernels_are_found_next_to_the_package(monkeypatch, tmp_path):
    package = tmp_path / "gsplat"
    package.mkdir()
    (package / "__init__.py").write_text("raise ImportError('must not be imported')")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "gsplat", raising=False)
    assert not kernels._has_built_kernels()
    (package / f"csrc{importlib.machinery.EXTENSION_SUFFIXES[0]}").touch()
    assert kernels._has_built_kernels()


def test_a_compiler_is_found_in_cuda_home(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("CUDA_HOME", str(tmp_path))
    (tmp_path / "bin").mkdir()
    nvcc = tmp_path / "bin" / "nvcc"
    nvcc.touch(mode=0o755)
    assert kernels._has_compiler()


@pytest.fixture
def stand_in_module(monkeypatch):
    """A `gsplat` whose kernels fail to build with the error that is put into `.error`."""
    fake = ModuleType("gsplat")
    fake.rasterization = StandIn("1.5.3")
    fake.error = None

    def quat_scale_to_covar_preci(quats, scales):
        if fake.error is not None:
            raise fake.error

    fake.quat_scale_to_covar_preci = quat_scale_to_covar_preci
    monkeypatch.setitem(sys.modules, "gsplat", fake)
    kernels.load_rasterization.cache_clear()
    yield fake
    kernels.load_rasterization.cache_clear()


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("Error building extension 'gsplat_cuda'\nnvcc said\na lot"),
        AttributeError("'NoneType' object has no attribute 'x'"),
        OSError("CUDA_HOME environment variable is not set"),
        subprocess.CalledProcessError(1, "ninja"),
        ImportError("undefined symbol"),
    ],
)
def test_a_failed_build_is_one_sentence_with_its_cause(stand_in_module, error):
    stand_in_module.error = error
    with pytest.raises(UnavailableError) as caught:
        kernels.load_rasterization(torch.device("cpu"))
    assert str(error).partition("\n")[0] in str(caught.value)
    assert "renderer 'triton'" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.__cause__ is error
    stand_in_module.error = None
    assert kernels.load_rasterization(torch.device("cpu")) is stand_in_module.rasterization


@pytest.mark.parametrize("version", VERSIONS)
def test_the_version_is_read_from_metadata(machine, monkeypatch, version):
    machine()
    monkeypatch.setattr(module, "version", lambda name: {"gsplat": version}[name])
    assert GsplatRenderer().version == Version(version)


def test_tensors_on_the_cpu_are_refused_before_any_kernel_is_built(machine, monkeypatch):
    machine()
    monkeypatch.setattr(module, "load_rasterization", lambda device: pytest.fail("must not build"))
    scene = random_scene(6)
    with pytest.raises(CapabilityError, match=r"float32 tensors on CUDA, got torch.float64 on cpu"):
        GsplatRenderer().render(scene.gaussians, scene.cameras)


def test_finding_and_loading_it_imports_nothing_of_gsplat():
    code = (
        "import sys; from gaussrep import plugins; plugins.find('renderers', 'gsplat').load();"
        "assert not [m for m in sys.modules if m.split('.')[0] == 'gsplat']"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_record_claims_what_the_contract_tests():
    record = plugins.find("renderers", "gsplat").record
    assert record.devices == {"cuda"}
    assert "ideal_fisheye" in record.capabilities
    assert "float64" not in record.capabilities
