import logging

import pytest
import torch

from gaussrep.errors import CapabilityError, UnknownNameError
from gaussrep.rendering import dispatch, get_renderer, render
from gaussrep.rendering.config import ReferenceConfig
from gaussrep.rendering.dispatch import (
    RenderRequirements,
    candidates,
    check_requirements,
    select_renderer,
)
from gaussrep.testing.scenes import random_scene

ALL = '{"differentiable", "features", "depth", "sh", "ortho", "pinhole", "camera_gradients"}'
PLUGIN = f"""
@hookimpl
def register_renderers():
    for name, priority in [("best", 99), ("absent", 98), ("second", 97)]:
        yield RendererRecord(
            name=name, summary="S.", target=f"code_of_it:{{name.title()}}", priority=priority,
            devices=frozenset({{"cpu"}}), capabilities=frozenset({ALL}),
            requires=("absent-thing",) if name == "absent" else (),
        )
"""
OWN = f"""
@hookimpl
def register_renderers():
    yield RendererRecord(
        name="other", summary="S.", target="code_of_it:Second", priority=99,
        is_reference_equivalent=False,
        devices=frozenset({{"cpu"}}), capabilities=frozenset({ALL}),
    )
"""
CODE = {
    "code_of_it": """
    from gaussrep.errors import UnavailableError
    from gaussrep.rendering.reference import ReferenceRenderer

    class Best(ReferenceRenderer):
        def __init__(self):
            raise ERROR

    class Second(ReferenceRenderer):
        pass
    """
}


@pytest.fixture(autouse=True)
def fresh():
    """Nothing chosen, built or logged yet."""
    for cached in (dispatch.select_renderer, dispatch._build, dispatch._log_once):
        cached.cache_clear()
    yield
    for cached in (dispatch.select_renderer, dispatch._build, dispatch._log_once):
        cached.cache_clear()


@pytest.fixture
def installed(site, monkeypatch):
    """Three renderers of high priority: one raises what is given, one is not installed."""

    def install(error):
        monkeypatch.setenv("GAUSSREP_PLUGINS", "plug")
        modules = {name: code.replace("ERROR", error) for name, code in CODE.items()}
        site.add("plug", PLUGIN, modules=modules)

    return install


def test_requirements_are_derived_from_the_input():
    scene = random_scene(1, model="ortho", sh_degree=1, features=2)
    requested = RenderRequirements.from_tensors(scene.gaussians, scene.cameras)
    assert requested == RenderRequirements("cpu", frozenset({"ortho", "sh", "features", "float64"}))
    g = scene.gaussians.replace(means=scene.gaussians.means.clone().requires_grad_())
    assert RenderRequirements.from_tensors(
        g, scene.cameras
    ).capabilities == requested.capabilities | {"differentiable"}
    cameras = scene.cameras.replace(Ks=scene.cameras.Ks.clone().requires_grad_())
    needs = RenderRequirements.from_tensors(scene.gaussians, cameras).capabilities
    assert needs == requested.capabilities | {"differentiable", "camera_gradients"}
    with torch.no_grad():
        assert RenderRequirements.from_tensors(g, cameras) == requested
    needs = RenderRequirements.from_tensors(scene.gaussians.replace(antialiased=True), cameras)
    assert "antialiased" in needs.capabilities


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ("UnavailableError('no such device.')", "no such device."),
        ("ZeroDivisionError('bug')", "ZeroDivisionError: bug"),
    ],
)
def test_unavailable_renderers_are_skipped_and_messages_logged_once(
    installed, caplog, error, reason
):
    installed(error)
    caplog.set_level(logging.INFO, logger="gaussrep")
    for needs in ({"pinhole"}, {"ortho"}, {"pinhole", "sh"}):
        chosen = select_renderer(RenderRequirements("cpu", frozenset(needs)))
        assert type(chosen).__name__ == "Second"
    output = [(r.levelname, r.getMessage()) for r in caplog.records if r.name == "gaussrep"]
    best, absent, second = output
    assert best == ("WARNING", f"skipping renderer best: {reason}")
    assert absent[0] == "WARNING"
    assert "pip install absent-thing" in absent[1]
    assert second == ("INFO", "using renderer second on cpu")


def test_candidates_have_an_unavailable_reason(installed):
    installed("UnavailableError('no such device.')")
    found = {
        c.component.name: c.unavailable_reason
        for c in candidates(RenderRequirements("cpu", frozenset({"sh"})))
    }
    assert list(found)[:3] == ["best", "absent", "second"]
    assert found["best"] == "no such device."
    assert found["second"] is None
    assert found["gsplat"] == "gsplat cannot do device cpu"
    assert found["reference"] is None


def test_renderers_without_a_required_capability_are_not_built(installed):
    installed("SystemExit('must not be made')")
    found = candidates(RenderRequirements("cuda"))
    assert next(c.unavailable_reason for c in found if c.component.name == "best").endswith(
        "device cuda"
    )


def test_auto_selects_only_renderers_that_declare_the_capabilities():
    scene = random_scene(2)
    chosen = select_renderer(RenderRequirements.from_tensors(scene.gaussians, scene.cameras))
    assert chosen is get_renderer("gaussrep:reference")  # the only one with float64
    with pytest.raises(CapabilityError, match=r"no renderer .*reference cannot do telepathy"):
        select_renderer(RenderRequirements("cpu", frozenset({"telepathy"})))


def test_the_error_names_a_renderer_with_the_missing_capabilities():
    scene = random_scene(3)
    with pytest.raises(CapabilityError) as caught:
        render(scene.gaussians, scene.cameras, renderer="gsplat")
    assert str(caught.value) == (
        "renderer 'gsplat' cannot do device cpu, float64; use the renderer 'reference'."
    )
    with pytest.raises(CapabilityError, match="no installed renderer can"):
        check_requirements("reference", RenderRequirements("cpu", frozenset({"telepathy"})))


def test_unknown_names_are_refused():
    scene = random_scene(4)
    with pytest.raises(UnknownNameError, match="refrence"):
        render(scene.gaussians, scene.cameras, renderer="refrence")


def test_renderers_are_built_once_per_configuration():
    assert get_renderer("reference") is get_renderer("reference")
    small = ReferenceConfig(type="reference", max_pairs=8)
    assert get_renderer(small) is get_renderer(ReferenceConfig(type="reference", max_pairs=8))
    assert get_renderer(small).config.max_pairs == 8


def test_a_bug_in_the_core_is_raised(monkeypatch):
    def broken(kind, config):
        raise ZeroDivisionError("bug")

    monkeypatch.setattr(dispatch, "build", broken)
    with pytest.raises(ZeroDivisionError):
        select_renderer(RenderRequirements("cpu"))


def test_auto_skips_renderers_that_are_not_reference_equivalent(site, monkeypatch):
    monkeypatch.setenv("GAUSSREP_PLUGINS", "plug")
    site.add("plug", OWN, modules={name: code.replace("ERROR", "") for name, code in CODE.items()})
    scene = random_scene(5).to(torch.float32)
    found = {c.component.name: c.unavailable_reason for c in candidates(RenderRequirements("cpu"))}
    assert found["other"] == "other cannot do reference-equivalent images"
    assert (
        type(
            select_renderer(RenderRequirements.from_tensors(scene.gaussians, scene.cameras))
        ).__name__
        != "Second"
    )
    drawn = render(scene.gaussians, scene.cameras, renderer="other")
    assert drawn.color.shape == (1, 18, 21, 3)
    with pytest.raises(CapabilityError, match="no installed renderer can"):
        check_requirements("other", RenderRequirements("cpu", frozenset({"telepathy"})))
