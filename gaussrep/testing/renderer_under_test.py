"""A renderer under test: random scenes that it supports, and comparisons to its tolerances."""

from typing import Any, ClassVar

import pytest
import torch
from torch import Tensor

from gaussrep.rendering import Renderer, Rendering
from gaussrep.testing.component_contract import ComponentContract
from gaussrep.testing.gradients import gradients
from gaussrep.testing.scenes import RenderInput, random_scene

VARIANTS = {
    "colors": {},
    "features": {"features": 5},
    "many features": {"features": 37, "count": 6},
    "sh": {"sh_degree": 3},
    "sh 4": {"sh_degree": 4, "count": 6},
    "ortho": {"model": "ortho", "features": 2},
    "opencv": {"model": "opencv", "sh_degree": 1},
    "fisheye": {"model": "fisheye", "batch": (2,), "views": 2},
    "antialiased": {"antialiased": True, "features": 1},
    "antialiased ortho": {"antialiased": True, "model": "ortho", "batch": (2,), "views": 2},
    "batch and views": {
        "batch": (2, 2),
        "views": 3,
        "features": 1,
        "sh_degree": 1,
        "size": (13, 11),
    },
    "one Gaussian": {"count": 1},
    "one pixel": {"size": (1, 1)},
    "wide": {"size": (50, 3), "count": 30},
}
NEEDS = {"features": "features", "sh_degree": "sh", "antialiased": "antialiased"}


class RendererUnderTest(ComponentContract):
    """What the tests of `RendererContract` render and compare; subclass that one."""

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
        """Build the renderer under test."""
        return self.build()

    def can(self, capability: str) -> bool:
        """Test whether the renderer declares a capability.

        Args:
            capability: Name of the capability.

        Returns:
            Whether its record lists the capability.
        """
        return capability in self.record.capabilities

    def missing_capabilities(self, options: dict[str, Any]) -> list[str]:
        """List the capabilities that a scene requires and the renderer does not declare.

        Args:
            options: Options of `random_scene`.

        Returns:
            Names of capabilities.
        """
        needs = [NEEDS[key] for key in options if key in NEEDS]
        needs += [options["model"]] if "model" in options else []
        return [need for need in needs if not self.can(need)]

    def random_scene(self, seed: int, **options: Any) -> RenderInput:
        """Sample a scene like `gaussrep.testing.scenes.random_scene`.

        Args:
            seed: Seed of the generator.
            options: Options of `random_scene`; those that require a capability that the renderer
                does not declare are dropped.

        Returns:
            The scene.
        """
        offered = {
            key: value
            for key, value in options.items()
            if not self.missing_capabilities({key: value})
        }
        model = "pinhole" if self.can("pinhole") else "ortho"
        return random_scene(seed, **{"model": model, **offered})

    @pytest.fixture(params=VARIANTS)
    def scene(self, request: pytest.FixtureRequest) -> RenderInput:
        """Sample a scene of every variant that the renderer supports."""
        options = VARIANTS[request.param]
        if missing := self.missing_capabilities(options):
            pytest.skip(f"{self.name} does not offer {', '.join(missing)}")
        return self.random_scene(1, **options)

    def on_device(self, scene: RenderInput) -> RenderInput:
        """Move a scene to the device under test, in float32.

        Args:
            scene: Input of the renderer.

        Returns:
            The moved scene.
        """
        return scene.to(self.device, torch.float32)

    def render(self, renderer: Renderer, scene: RenderInput) -> Rendering:
        """Render a scene on the device under test.

        Args:
            renderer: Renderer.
            scene: Input of the renderer, on any device.

        Returns:
            Its rendering.
        """
        scene = self.on_device(scene)
        return renderer.render(scene.gaussians, scene.cameras, scene.background)

    def assert_same(self, actual: Rendering, expected: Rendering) -> None:
        """Assert that two renderings agree within the contract's tolerances.

        Args:
            actual: Rendering of the renderer under test.
            expected: Expected rendering.
        """
        assert actual.color.dtype == actual.alpha.dtype == actual.depth.dtype
        assert actual.color.device.type == self.device
        assert largest_difference(actual.color, expected.color) < self.color_tolerance
        assert largest_difference(actual.alpha, expected.alpha) < self.color_tolerance
        self.assert_same_depth(actual, expected)
        assert (actual.features is None) == (expected.features is None)
        if actual.features is not None and expected.features is not None:
            size = expected.features.abs().max().clamp_min(1).item()
            assert (
                largest_difference(actual.features, expected.features) < self.color_tolerance * size
            )

    def assert_same_depth(self, actual: Rendering, expected: Rendering) -> None:
        """Assert that depths agree where alpha > 0.01, or are 0 if the renderer has no depth.

        Args:
            actual: Rendering of the renderer under test.
            expected: Expected rendering.
        """
        if not self.can("depth"):
            assert not actual.depth.any()
            return
        seen = expected.alpha.cpu() > 0.01
        relative = actual.depth.cpu().double() / expected.depth.cpu().double() - 1
        assert relative[seen].abs().max() < self.depth_tolerance if seen.any() else True

    def skip_unless_reference_equivalent(self, wanted: bool) -> None:
        """Skip a test that is for renderers of the other sort.

        Args:
            wanted: Whether the test is for reference-equivalent renderers.
        """
        if self.record.is_reference_equivalent is not wanted:
            pytest.skip(f"is_reference_equivalent of {self.name} is {not wanted}")

    def gradients(self, renderer: Renderer, scene: RenderInput) -> dict[str, Tensor]:
        """Compute the gradients to every input that the renderer differentiates.

        Args:
            renderer: Renderer.
            scene: Input of the renderer.

        Returns:
            Gradients by name of the input.
        """
        if not self.can("differentiable"):
            pytest.skip(f"{self.name} is not differentiable")
        cameras = self.can("camera_gradients")
        return gradients(renderer, scene, cameras=cameras, depth=self.can("depth"))


def largest_difference(actual: Tensor, expected: Tensor) -> float:
    """Return the largest absolute difference of two tensors of one shape, 0 of empty ones."""
    if actual.numel() == 0:
        return 0.0
    return (actual.detach().cpu().double() - expected.detach().cpu().double()).abs().max().item()
