"""What every renderer must do to be interchangeable with every other."""

from typing import Any, ClassVar

import pytest
import torch
from torch import Tensor

from gaussrep.cuboid import Cuboid
from gaussrep.errors import ShapeError, ValueRangeError
from gaussrep.gaussians import Gaussians
from gaussrep.rendering import Renderer, Rendering
from gaussrep.rendering.reference import ReferenceRenderer
from gaussrep.testing.component_contract import ComponentContract
from gaussrep.testing.gradients import gradients, slopes
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


class RendererContract(ComponentContract):
    """Subclass this in a plugin's tests and set `name`.

    Tests cover the capabilities that the renderer's record declares. The images and gradients of a
    reference-equivalent renderer are compared with those of `reference`; the gradients of any other
    one with finite differences of its own images.

    Example:
        >>> class TestMine(RendererContract):
        ...     name = "mine"
    """

    kind = "renderers"

    device: ClassVar[str] = "cpu"
    """Device on which it is tested."""

    color_tolerance: ClassVar[float] = 2e-5
    """Largest absolute difference of color, alpha and (relative to their size) features."""

    depth_tolerance: ClassVar[float] = 1e-4
    """Largest relative difference of depth where alpha > 0.01."""

    gradient_tolerance: ClassVar[float] = 1e-3
    """Largest relative difference (of norms) of each tensor's gradient."""

    repeatable_gradients: ClassVar[bool] = True
    """Whether gradients are bitwise the same every time; sums in no fixed order are not."""

    @pytest.fixture
    def renderer(self) -> Renderer:
        """The renderer under test."""
        return self.build()

    def can(self, capability: str) -> bool:
        """Whether the renderer declares a capability."""
        return capability in self.record.capabilities

    def lacks(self, options: dict[str, Any]) -> list[str]:
        """What a scene of these options needs and the renderer does not declare."""
        needs = [NEEDS[key] for key in options if key in NEEDS]
        needs += [options["model"]] if "model" in options else []
        return [need for need in needs if not self.can(need)]

    def random_scene(self, seed: int, **options: Any) -> Scene:
        """A scene like `gaussrep.testing.scenes.random_scene`, without what is not declared."""
        offered = {key: value for key, value in options.items() if not self.lacks({key: value})}
        model = "pinhole" if self.can("pinhole") else "ortho"
        return random_scene(seed, **{"model": model, **offered})

    @pytest.fixture(params=VARIANTS)
    def scene(self, request: pytest.FixtureRequest) -> Scene:
        """Scenes of every kind that the renderer says it can draw."""
        options = VARIANTS[request.param]
        if lacks := self.lacks(options):
            pytest.skip(f"{self.name} does not offer {', '.join(lacks)}")
        return self.random_scene(1, **options)

    def on_device(self, scene: Scene) -> Scene:
        """The scene in float32 on the device under test."""
        return scene.to(self.device, torch.float32)

    def draw(self, renderer: Renderer, scene: Scene) -> Rendering:
        """Render a scene on the device under test."""
        scene = self.on_device(scene)
        return renderer.render(scene.gaussians, scene.cameras, scene.background)

    def test_shapes_and_ranges(self, renderer: Renderer, scene: Scene) -> None:
        out = self.draw(renderer, scene)
        pixels = (*scene.cameras.viewmats.shape[:-2], scene.cameras.height, scene.cameras.width)
        assert out.color.shape == (*pixels, 3)
        assert out.alpha.shape == out.depth.shape == pixels
        assert torch.isfinite(out.color).all()
        assert ((out.alpha >= 0) & (out.alpha <= 1)).all()
        assert (out.depth >= 0).all()
        if (features := scene.gaussians.features) is None:
            assert out.features is None
        else:
            assert out.features is not None
            assert out.features.shape == (*pixels, features.shape[-1])

    def test_values_agree_with_the_reference(self, renderer: Renderer, scene: Scene) -> None:
        self.skip_unless_reference_equivalent(True)
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
        self.assert_same_depth(ours, theirs)
        assert (ours.features is None) == (theirs.features is None)
        if ours.features is not None and theirs.features is not None:
            size = theirs.features.abs().max().clamp_min(1).item()
            assert _difference(ours.features, theirs.features) < self.color_tolerance * size

    def assert_same_depth(self, ours: Rendering, theirs: Rendering) -> None:
        """Assert that two depths agree where something is seen, or are 0 where none is offered."""
        if not self.can("depth"):
            assert not ours.depth.any()
            return
        seen = theirs.alpha.cpu() > 0.01
        relative = ours.depth.cpu().double() / theirs.depth.cpu().double() - 1
        assert relative[seen].abs().max() < self.depth_tolerance if seen.any() else True

    def skip_unless_reference_equivalent(self, wanted: bool) -> None:
        """Skip a test that is for renderers of the other sort.

        Args:
            wanted: Whether the test is for reference-equivalent renderers.
        """
        if self.record.is_reference_equivalent is not wanted:
            pytest.skip(f"is_reference_equivalent of {self.name} is {not wanted}")

    def gradients(self, renderer: Renderer, scene: Scene) -> dict[str, Tensor]:
        """Gradients by every input that the renderer differentiates."""
        if not self.can("differentiable"):
            pytest.skip(f"{self.name} is not differentiable")
        cameras = self.can("camera_gradients")
        return gradients(renderer, scene, cameras=cameras, depth=self.can("depth"))

    def test_gradients_agree_with_the_reference(self, renderer: Renderer, scene: Scene) -> None:
        self.skip_unless_reference_equivalent(True)
        ours = self.gradients(renderer, self.on_device(scene))
        theirs = self.gradients(ReferenceRenderer(), scene)
        assert ours.keys() == theirs.keys()
        for name, expected in theirs.items():
            error = (ours[name].cpu().double() - expected).norm()
            assert error <= self.gradient_tolerance * expected.norm() + 1e-9, name

    def test_gradients_agree_with_finite_differences(
        self, renderer: Renderer, scene: Scene
    ) -> None:
        self.skip_unless_reference_equivalent(False)
        if not self.can("float64"):
            pytest.skip(f"{self.name} does not offer float64")
        scene = scene.to(self.device)
        found = self.gradients(renderer, scene)
        directions = {name: torch.randn_like(gradient) for name, gradient in found.items()}
        measured = slopes(renderer, scene, directions, depth=self.can("depth"))
        for name, slope in measured.items():
            expected = (found[name] * directions[name]).sum().item()
            size = (found[name].norm() * directions[name].norm()).item()
            assert abs(slope - expected) <= self.gradient_tolerance * size + 1e-5, name

    def test_batching_is_looping(self, renderer: Renderer) -> None:
        scene = self.on_device(self.random_scene(2, batch=(3,), views=2, features=2))
        whole = renderer.render(scene.gaussians, scene.cameras, scene.background)
        for b in range(3):
            for v in range(2):
                part = renderer.render(
                    scene.gaussians[b], scene.cameras[b, v : v + 1], scene.background[b, v]
                )
                torch.testing.assert_close(whole.color[b, v], part.color[0], atol=1e-6, rtol=1e-6)
                torch.testing.assert_close(whole.depth[b, v], part.depth[0], atol=1e-5, rtol=1e-5)

    def test_padding_changes_nothing(self, renderer: Renderer) -> None:
        scene = self.random_scene(3)
        padded = Scene(scene.gaussians.pad(40), scene.cameras, scene.background)
        self.assert_same(self.draw(renderer, padded), self.draw(renderer, scene))

    def test_order_of_gaussians_does_not_matter(self, renderer: Renderer) -> None:
        scene = self.random_scene(4)
        shuffled = scene.gaussians[torch.randperm(scene.gaussians.count)]
        self.assert_same(
            self.draw(renderer, Scene(shuffled, scene.cameras, scene.background)),
            self.draw(renderer, scene),
        )

    def test_normalized_scene_gives_the_same_picture(self, renderer: Renderer) -> None:
        scene = self.random_scene(5)
        box = Cuboid.fit(scene.gaussians)
        unit = Scene(box.normalize(scene.gaussians), box.normalize(scene.cameras), scene.background)
        ours, plain = self.draw(renderer, unit), self.draw(renderer, scene)
        scale = float(box.scale[0])
        rescaled = Rendering(ours.color, ours.alpha, ours.depth / scale, ours.features)
        self.assert_same(rescaled, plain)

    def test_background_shows_where_nothing_is(self, renderer: Renderer) -> None:
        scene = self.on_device(self.random_scene(6))
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
        scene = self.on_device(self.random_scene(7))
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
        scene = self.on_device(self.random_scene(8))
        g = scene.gaussians
        index = torch.arange(1_000_000, device=self.device) % g.count
        crowd = g[index].replace(means=g.means[index] + 50 * scene.cameras.positions[0])
        out = renderer.render(Gaussians.cat([crowd, g]), scene.cameras, scene.background)
        self.assert_same(out, renderer.render(g, scene.cameras, scene.background))

    @pytest.mark.parametrize("field", ["means", "quats", "scales", "opacities", "colors"])
    def test_values_that_are_not_finite_are_refused(self, renderer: Renderer, field: str) -> None:
        scene = self.on_device(self.random_scene(9))
        spoiled = getattr(scene.gaussians, field).clone()
        spoiled.view(-1)[:2] = torch.tensor([torch.nan, torch.inf])
        with pytest.raises(ValueRangeError, match=f"{field} holds 2 values"):
            renderer.render(scene.gaussians.replace(**{field: spoiled}), scene.cameras)

    def test_batch_axes_must_agree(self, renderer: Renderer) -> None:
        scene = self.on_device(self.random_scene(10, batch=(2,)))
        with pytest.raises(ShapeError, match="batch axes"):
            renderer.render(scene.gaussians[0], scene.cameras)

    def test_same_input_same_picture_and_gradients(self, renderer: Renderer) -> None:
        scene = self.on_device(self.random_scene(11, views=3, count=40, features=3))
        picture = self.draw(renderer, scene)
        for _ in range(3):
            assert torch.equal(self.draw(renderer, scene).color, picture.color)
        first = self.gradients(renderer, scene)
        tolerance = 0.0 if self.repeatable_gradients else self.gradient_tolerance
        for _ in range(3):
            again = self.gradients(renderer, scene)
            for name, expected in first.items():
                assert (again[name] - expected).norm() <= tolerance * expected.norm(), name


def _difference(ours: Tensor, theirs: Tensor) -> float:
    if ours.numel() == 0:
        return 0.0
    return (ours.detach().cpu().double() - theirs.detach().cpu().double()).abs().max().item()
