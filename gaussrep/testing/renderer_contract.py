"""What every renderer must do to be interchangeable with every other."""

from collections.abc import Iterator
from typing import ClassVar

import pytest
import torch
from torch import Tensor

from gaussrep import plugins
from gaussrep.cameras import Cameras
from gaussrep.cuboid import Cuboid
from gaussrep.errors import ShapeError, ValueRangeError
from gaussrep.gaussians import Gaussians
from gaussrep.rendering import Renderer, Rendering, get_renderer
from gaussrep.rendering.reference import ReferenceRenderer
from gaussrep.testing.scenes import Scene, random_scene

VARIANTS = {
    "colors": {},
    "features": {"features": 5},
    "many features": {"features": 37, "count": 6},
    "sh": {"sh_degree": 3},
    "sh 4": {"sh_degree": 4, "count": 6},
    "ortho": {"model": "ortho", "features": 2},
    "batch and views": {"batch": (2, 2), "views": 3, "features": 1, "sh_degree": 1},
    "one Gaussian": {"count": 1},
    "one pixel": {"size": (1, 1)},
    "wide": {"size": (50, 3), "count": 30},
}
NEEDS = {"features": "features", "sh_degree": "sh"}


class RendererContract:
    """Subclass this in a plugin's tests and set `name`.

    Example:
        >>> class TestMine(RendererContract):
        ...     name = "mine"
    """

    name: ClassVar[str]
    """Name of the renderer among the plugins."""

    device: ClassVar[str] = "cpu"
    """Device on which it is tested."""

    color_tolerance: ClassVar[float] = 2e-5
    """Largest absolute difference of colour, alpha and (relative to their size) features."""

    depth_tolerance: ClassVar[float] = 1e-4
    """Largest relative difference of depth where alpha > 0.01."""

    gradient_tolerance: ClassVar[float] = 1e-3
    """Largest relative difference (of norms) of each tensor's gradient."""

    repeatable_gradients: ClassVar[bool] = True
    """Whether gradients are bitwise the same every time; sums in no fixed order are not."""

    @pytest.fixture
    def renderer(self) -> Renderer:
        """The renderer under test."""
        return get_renderer(self.name)

    @pytest.fixture(params=VARIANTS)
    def scene(self, request: pytest.FixtureRequest) -> Scene:
        """Scenes of every kind that the renderer says it can draw."""
        options = VARIANTS[request.param]
        needs = {NEEDS[key] for key in options if key in NEEDS} | {options.get("model", "pinhole")}
        lacks = needs - plugins.find("renderers", self.name).record.capabilities
        if lacks:
            pytest.skip(f"{self.name} does not offer {', '.join(sorted(lacks))}")
        return random_scene(seed=1, **options)

    def on_device(self, scene: Scene) -> Scene:
        """The scene in float32 on the device under test."""
        to = {"device": self.device, "dtype": torch.float32}
        return Scene(scene.gaussians.to(**to), scene.cameras.to(**to), scene.background.to(**to))

    def draw(self, renderer: Renderer, scene: Scene) -> Rendering:
        """Render a scene on the device under test."""
        scene = self.on_device(scene)
        return renderer.render(scene.gaussians, scene.cameras, scene.background)

    def test_values_agree_with_the_reference(self, renderer: Renderer, scene: Scene) -> None:
        ours = self.draw(renderer, scene)
        theirs = ReferenceRenderer().render(scene.gaussians, scene.cameras, scene.background)
        self.assert_same(ours, theirs)
        assert theirs.alpha.max() > 0.1

    def assert_same(self, ours: Rendering, theirs: Rendering) -> None:
        """Assert that two renderings agree within the contract's tolerances."""
        assert ours.color.dtype == ours.alpha.dtype == ours.depth.dtype
        assert ours.color.device.type == self.device
        assert _difference(ours.color, theirs.color) < self.color_tolerance
        assert _difference(ours.alpha, theirs.alpha) < self.color_tolerance
        seen = theirs.alpha.cpu() > 0.01
        relative = ours.depth.cpu().double() / theirs.depth.cpu().double() - 1
        assert relative[seen].abs().max() < self.depth_tolerance if seen.any() else True
        assert (ours.features is None) == (theirs.features is None)
        if ours.features is not None and theirs.features is not None:
            size = theirs.features.abs().max().clamp_min(1).item()
            assert _difference(ours.features, theirs.features) < self.color_tolerance * size

    def test_gradients_agree_with_the_reference(self, renderer: Renderer, scene: Scene) -> None:
        capabilities = plugins.find("renderers", self.name).record.capabilities
        if "differentiable" not in capabilities:
            pytest.skip(f"{self.name} is not differentiable")
        cameras = "camera_gradients" in capabilities
        ours = _gradients(renderer, self.on_device(scene), cameras)
        theirs = _gradients(ReferenceRenderer(), scene, cameras)
        assert ours.keys() == theirs.keys()
        for name, expected in theirs.items():
            error = (ours[name].cpu().double() - expected).norm()
            assert error <= self.gradient_tolerance * expected.norm() + 1e-9, name

    def test_batching_is_looping(self, renderer: Renderer) -> None:
        scene = self.on_device(random_scene(2, batch=(3,), views=2, features=2))
        whole = renderer.render(scene.gaussians, scene.cameras, scene.background)
        for b in range(3):
            for v in range(2):
                part = renderer.render(
                    scene.gaussians[b], scene.cameras[b, v : v + 1], scene.background[b, v]
                )
                torch.testing.assert_close(whole.color[b, v], part.color[0], atol=1e-6, rtol=1e-6)
                torch.testing.assert_close(whole.depth[b, v], part.depth[0], atol=1e-5, rtol=1e-5)

    def test_padding_changes_nothing(self, renderer: Renderer) -> None:
        scene = random_scene(3)
        padded = Scene(scene.gaussians.pad(40), scene.cameras, scene.background)
        self.assert_same(self.draw(renderer, padded), self.draw(renderer, scene))

    def test_order_of_gaussians_does_not_matter(self, renderer: Renderer) -> None:
        scene = random_scene(4)
        shuffled = scene.gaussians[torch.randperm(scene.gaussians.count)]
        self.assert_same(
            self.draw(renderer, Scene(shuffled, scene.cameras, scene.background)),
            self.draw(renderer, scene),
        )

    def test_normalised_scene_gives_the_same_picture(self, renderer: Renderer) -> None:
        scene = random_scene(5, sh_degree=None)
        box = Cuboid.fit(scene.gaussians)
        unit = Scene(box.normalize(scene.gaussians), box.normalize(scene.cameras), scene.background)
        ours, plain = self.draw(renderer, unit), self.draw(renderer, scene)
        scale = float(box.scale[0])
        rescaled = Rendering(ours.color, ours.alpha, ours.depth / scale, ours.features)
        self.assert_same(rescaled, plain)

    def test_background_shows_where_nothing_is(self, renderer: Renderer) -> None:
        scene = self.on_device(random_scene(6))
        behind = 1e3 * scene.cameras.positions
        away = scene.gaussians.replace(means=scene.gaussians.means + behind)
        out = renderer.render(away, scene.cameras, scene.background)
        expected = scene.background[:, None, None].expand_as(out.color)
        torch.testing.assert_close(out.color, expected)
        assert out.alpha.abs().max() == 0
        assert out.depth.abs().max() == 0
        black = renderer.render(away, scene.cameras)
        assert black.color.abs().max() == 0

    @pytest.mark.parametrize("batch", [(), (2,), (0,)])
    def test_empty_scenes(self, renderer: Renderer, batch: tuple[int, ...]) -> None:
        scene = self.on_device(random_scene(7))
        empty = scene.gaussians[:0]
        if batch:
            empty = Gaussians(**{k: t.expand(*batch, *t.shape) for k, t in empty.tensors()})
        cameras = scene.cameras.replace(
            viewmats=scene.cameras.viewmats.expand(*batch, 1, 4, 4),
            Ks=scene.cameras.Ks.expand(*batch, 1, 3, 3),
        )
        out = renderer.render(empty, cameras, scene.background[0])
        assert out.color.shape == (*batch, 1, cameras.height, cameras.width, 3)
        torch.testing.assert_close(out.color, scene.background[0].expand_as(out.color))

    def test_a_million_gaussians_off_screen(self, renderer: Renderer) -> None:
        scene = self.on_device(random_scene(8))
        g = scene.gaussians
        index = torch.arange(1_000_000, device=self.device) % g.count
        crowd = g[index].replace(means=g.means[index] + 50 * scene.cameras.positions[0])
        out = renderer.render(Gaussians.cat([crowd, g]), scene.cameras, scene.background)
        self.assert_same(out, renderer.render(g, scene.cameras, scene.background))

    @pytest.mark.parametrize("field", ["means", "quats", "scales", "opacities", "colors"])
    def test_values_that_are_not_finite_are_refused(self, renderer: Renderer, field: str) -> None:
        scene = self.on_device(random_scene(9))
        spoiled = getattr(scene.gaussians, field).clone()
        spoiled.view(-1)[:2] = torch.tensor([torch.nan, torch.inf])
        with pytest.raises(ValueRangeError, match=f"{field} holds 2 values"):
            renderer.render(scene.gaussians.replace(**{field: spoiled}), scene.cameras)

    def test_batch_axes_must_agree(self, renderer: Renderer) -> None:
        scene = self.on_device(random_scene(10, batch=(2,)))
        with pytest.raises(ShapeError, match="batch axes"):
            renderer.render(scene.gaussians[0], scene.cameras)

    def test_same_input_same_picture_and_gradients(self, renderer: Renderer) -> None:
        scene = self.on_device(random_scene(11, views=3, count=40, features=3))
        cameras = "camera_gradients" in plugins.find("renderers", self.name).record.capabilities
        picture = self.draw(renderer, scene)
        first = _gradients(renderer, scene, cameras)
        tolerance = 0.0 if self.repeatable_gradients else self.gradient_tolerance
        for _ in range(3):
            assert torch.equal(self.draw(renderer, scene).color, picture.color)
            again = _gradients(renderer, scene, cameras)
            for name, expected in first.items():
                assert (again[name] - expected).norm() <= tolerance * expected.norm(), name


def _difference(ours: Tensor, theirs: Tensor) -> float:
    if ours.numel() == 0:
        return 0.0
    return (ours.detach().cpu().double() - theirs.detach().cpu().double()).abs().max().item()


def _inputs(scene: Scene, cameras: bool) -> Iterator[tuple[str, Tensor]]:
    yield from scene.gaussians.tensors()
    yield "background", scene.background
    if cameras:
        yield "viewmats", scene.cameras.viewmats
        yield "Ks", scene.cameras.Ks


def _gradients(renderer: Renderer, scene: Scene, cameras: bool) -> dict[str, Tensor]:
    """Gradients of a fixed random projection of everything drawn."""
    leaves = {name: t.detach().clone().requires_grad_() for name, t in _inputs(scene, cameras)}
    plain = {name: leaves[name] for name, _ in scene.gaussians.tensors()}
    seen = Cameras(
        leaves.get("viewmats", scene.cameras.viewmats),
        leaves.get("Ks", scene.cameras.Ks),
        scene.cameras.width,
        scene.cameras.height,
        scene.cameras.model,
    )
    out = renderer.render(Gaussians(**plain), seen, leaves["background"])
    drawn = [t for t in (out.color, out.alpha, out.depth, out.features) if t is not None]
    generator = torch.Generator().manual_seed(0)
    loss = sum(
        (torch.randn(t.shape, generator=generator, dtype=torch.float64).to(t) * t).sum()
        for t in drawn
    )
    assert isinstance(loss, Tensor)
    names = list(leaves)
    found = torch.autograd.grad(loss, [leaves[name] for name in names])
    return dict(zip(names, found, strict=True))
