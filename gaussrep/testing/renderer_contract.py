"""Contract of renderers: the promises that make them interchangeable."""

import pytest
import torch

from gaussrep import quaternions
from gaussrep.cameras import Cameras
from gaussrep.cuboid import Cuboid
from gaussrep.errors import ShapeError, ValueRangeError
from gaussrep.gaussians import Gaussians
from gaussrep.rendering import Renderer, Rendering
from gaussrep.rendering.conventions import EPS2D
from gaussrep.rendering.reference import ReferenceRenderer
from gaussrep.rendering.renderer import OUTPUTS
from gaussrep.testing.gradients import directional_derivatives
from gaussrep.testing.lens_rays import lens_ray
from gaussrep.testing.renderer_under_test import RendererUnderTest, largest_difference
from gaussrep.testing.scenes import LENSES, RenderInput


class RendererContract(RendererUnderTest):
    """Subclass this in a plugin's tests and set `name`.

    Tests cover the capabilities that the renderer's record declares. The images and gradients of a
    reference-equivalent renderer are compared with those of `reference`; the gradients of any other
    one with finite differences of its own images.

    Examples:
        >>> class TestMine(RendererContract):
        ...     name = "mine"
    """

    def test_shapes_and_ranges(self, renderer: Renderer, scene: RenderInput) -> None:
        out = self.render(renderer, scene)
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

    def test_values_agree_with_the_reference(self, renderer: Renderer, scene: RenderInput) -> None:
        self.skip_unless_reference_equivalent(True)
        actual = self.render(renderer, scene)
        expected = ReferenceRenderer().render(scene.gaussians, scene.cameras, scene.background)
        self.assert_same(actual, expected)
        assert expected.alpha.max() > 0.1

    def test_gradients_agree_with_the_reference(
        self, renderer: Renderer, scene: RenderInput
    ) -> None:
        self.skip_unless_reference_equivalent(True)
        actual = self.gradients(renderer, self.on_device(scene))
        expected = self.gradients(ReferenceRenderer(), scene)
        assert actual.keys() == expected.keys()
        for name, gradient in expected.items():
            error = (actual[name].cpu().double() - gradient).norm()
            assert error <= self.gradient_tolerance * gradient.norm() + 1e-9, name

    def test_gradients_agree_with_finite_differences(
        self, renderer: Renderer, scene: RenderInput
    ) -> None:
        self.skip_unless_reference_equivalent(False)
        if not self.can("float64"):
            pytest.skip(f"{self.name} does not offer float64")
        scene = scene.to(self.device)
        found = self.gradients(renderer, scene)
        directions = {name: torch.randn_like(gradient) for name, gradient in found.items()}
        measured = directional_derivatives(renderer, scene, directions, depth=self.can("depth"))
        for name, slope in measured.items():
            expected = (found[name] * directions[name]).sum().item()
            size = (found[name].norm() * directions[name].norm()).item()
            assert abs(slope - expected) <= self.gradient_tolerance * size + 1e-5, name

    def test_batching_is_looping(self, renderer: Renderer) -> None:
        scene = self.on_device(self.random_scene(2, batch=(3,), views=2, size=(13, 11), features=2))
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
        padded = RenderInput(scene.gaussians.pad(40), scene.cameras, scene.background)
        self.assert_same(self.render(renderer, padded), self.render(renderer, scene))

    def test_order_of_gaussians_does_not_matter(self, renderer: Renderer) -> None:
        scene = self.random_scene(4)
        shuffled = scene.gaussians[torch.randperm(scene.gaussians.count)]
        self.assert_same(
            self.render(renderer, RenderInput(shuffled, scene.cameras, scene.background)),
            self.render(renderer, scene),
        )

    def test_normalized_scene_gives_the_same_image(self, renderer: Renderer) -> None:
        scene = self.random_scene(5)
        box = Cuboid.fit(scene.gaussians)
        unit = RenderInput(
            box.normalize(scene.gaussians), box.normalize(scene.cameras), scene.background
        )
        actual, plain = self.render(renderer, unit), self.render(renderer, scene)
        scale = float(box.scale[0])
        rescaled = Rendering(actual.color, actual.alpha, actual.depth / scale, actual.features)
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
            empty = empty.replace(**{k: t.expand(*batch, *t.shape) for k, t in empty.tensors()})
        cameras = scene.cameras.replace(
            viewmats=scene.cameras.viewmats.expand(*batch, 1, 4, 4),
            Ks=scene.cameras.Ks.expand(*batch, 1, 3, 3),
        )
        out = renderer.render(empty, cameras, scene.background[0])
        assert out.color.shape == (*batch, 1, cameras.height, cameras.width, 3)
        torch.testing.assert_close(out.color, scene.background[0].expand_as(out.color))

    @pytest.mark.parametrize("scenes", [0, 2])
    @pytest.mark.parametrize("views", [0, 2])
    @pytest.mark.parametrize("count", [0, 3])
    def test_empty_axes(self, renderer: Renderer, count: int, views: int, scenes: int) -> None:
        """Any of the three axes may be empty; the images have a graph, and the gradient is zero."""
        gaussians = self.on_device(self.random_scene(7, count=3)).gaussians[:count]
        means = torch.zeros(scenes, count, 3, device=self.device, requires_grad=True)
        gaussians = gaussians.replace(
            **{name: each.expand(scenes, *each.shape) for name, each in gaussians.tensors()}
        ).replace(means=means)
        matrices = [torch.eye(size, device=self.device) for size in (4, 3)]
        viewmats, Ks = (each.expand(scenes, views, *each.shape) for each in matrices)
        background = torch.tensor([0.1, 0.2, 0.3], device=self.device)
        out = renderer.render(gaussians, Cameras(viewmats, Ks, 20, 10), background)
        assert out.color.shape == (scenes, views, 10, 20, 3)
        torch.testing.assert_close(out.color, background.expand_as(out.color))
        out.color.sum().backward()
        assert means.grad is not None
        assert not means.grad.any()

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

    def test_antialiased_opacities_are_compensated(self, renderer: Renderer) -> None:
        if not self.can("antialiased"):
            pytest.skip(f"{self.name} does not offer antialiased")
        self.skip_unless_reference_equivalent(True)
        scene = self.on_device(self.random_scene(12, count=1))
        g, cameras = scene.gaussians, scene.cameras
        distance = cameras.positions[0].norm() if cameras.model == "pinhole" else 1.0
        variance = 0.25  # in square pixels, of a ball in the middle of the image
        ball = g.replace(
            means=torch.zeros_like(g.means),
            scales=torch.ones_like(g.scales) * variance**0.5 * distance / cameras.Ks[0, 0, 0],
            opacities=torch.full_like(g.opacities, 0.9),
        )
        plain = renderer.render(ball, cameras).alpha.max().item()
        found = renderer.render(ball.replace(antialiased=True), cameras).alpha.max().item()
        assert found / plain == pytest.approx(variance / (variance + EPS2D), rel=1e-3)

    @pytest.mark.parametrize("model", sorted(LENSES))
    def test_lenses_show_points_where_their_rays_end(self, renderer: Renderer, model: str) -> None:
        if not self.can(model):
            pytest.skip(f"{self.name} does not offer {model}")
        scene = self.random_scene(13, count=1, model=model)
        K = torch.tensor([[25.0, 0, 20], [0, 27, 19], [0, 0, 1]]).double()
        cameras = scene.cameras.replace(
            viewmats=torch.eye(4).to(K)[None], Ks=K[None], width=42, height=36
        )
        for pixel in ([5.5, 30.5], [20.0, 19.0], [37.5, 3.5]):
            ray = lens_ray(model, K.numpy(), LENSES[model], pixel)
            point = scene.gaussians.replace(
                means=torch.from_numpy(3 * ray)[None],
                scales=torch.full_like(scene.gaussians.scales, 1e-3),
                opacities=torch.full_like(scene.gaussians.opacities, 0.99),
            )
            alpha = self.render(renderer, RenderInput(point, cameras, scene.background)).alpha[0]
            weights = alpha.cpu() / alpha.sum().cpu()
            x, y = torch.arange(42) + 0.5, torch.arange(36) + 0.5
            found = [(weights.sum(0) * x).sum().item(), (weights.sum(1) * y).sum().item()]
            assert found == pytest.approx(pixel, abs=0.02)

    def test_outputs_on_request_agree_with_the_reference(self, renderer: Renderer) -> None:
        """Medians and normals are those of `reference`, and so are their gradients."""
        outputs = sorted(OUTPUTS & self.record.capabilities)
        if not outputs or not self.record.is_reference_equivalent:
            pytest.skip(f"{self.name} offers neither median_depth nor normals like the reference's")
        scene = self.random_scene(14, batch=(2,), views=2, features=1)
        found = []
        for each, given in ((renderer, self.on_device(scene)), (ReferenceRenderer(), scene)):
            leaves = {
                name: getattr(given.gaussians, name).clone().requires_grad_()
                for name in ("means", "quats", "scales", "opacities")
            }
            gaussians, cameras = given.gaussians.replace(**leaves), given.cameras
            out = each.render(gaussians, cameras, given.background, outputs)
            plain = each.render(given.gaussians, cameras, given.background)
            self.assert_same(out, plain)
            images = [getattr(out, name) for name in outputs]
            lead = [*cameras.viewmats.shape[:-2], cameras.height, cameras.width]
            assert all(list(image.shape[: len(lead)]) == lead for image in images)
            ramp = torch.linspace(0.5, 1.5, cameras.width).to(images[0])
            loss = torch.stack(
                [(image.flatten(4).sum(-1) if image.ndim > len(lead) else image).mul(ramp).sum()
                 for image in images]
            ).sum()  # fmt: skip
            found.append((out, images, torch.autograd.grad(loss, list(leaves.values()))))
        (out, images, slopes), (_, expected, exact) = found
        for one, two in zip(images, expected, strict=True):
            assert largest_difference(one, two) < self.depth_tolerance * two.abs().max().item()
        for one, two in zip(slopes, exact, strict=True):
            difference = (one.cpu().double() - two).norm()
            assert difference <= self.gradient_tolerance * two.norm() + 1e-9
        assert all(not image[out.alpha == 0].any() for image in images)

    def test_normals_are_turned_toward_the_camera(self, renderer: Renderer) -> None:
        if not self.can("normals"):
            pytest.skip(f"{self.name} does not offer normals")
        scene = self.on_device(self.random_scene(15, count=1, views=2))
        g, cameras = scene.gaussians, scene.cameras
        turns = quaternions.from_matrix(cameras.viewmats[:, :3, :3].mT)
        disc = g.replace(
            means=torch.zeros_like(g.means),
            quats=turns[:1],  # its z axis is that of the first camera, which looks along it
            scales=g.scales.new_tensor([[0.5, 0.5, 0.01]]),
            opacities=torch.full_like(g.opacities, 0.9),
        )
        normals = renderer.render(disc, cameras, outputs=["normals"]).normals
        assert normals is not None
        ahead = cameras.viewmats[:, 2, :3]
        middle = normals[:, cameras.height // 2, cameras.width // 2]
        torch.testing.assert_close(middle[0], -ahead[0], atol=1e-5, rtol=0)
        assert ((middle * ahead).sum(-1) < 0).all()

    def test_batch_axes_must_agree(self, renderer: Renderer) -> None:
        scene = self.on_device(self.random_scene(10, batch=(2,)))
        with pytest.raises(ShapeError, match="batch axes"):
            renderer.render(scene.gaussians[0], scene.cameras)

    def test_same_input_same_image_and_gradients(self, renderer: Renderer) -> None:
        scene = self.on_device(self.random_scene(11, views=3, count=40, features=3))
        image = self.render(renderer, scene)
        for _ in range(3):
            assert torch.equal(self.render(renderer, scene).color, image.color)
        first = self.gradients(renderer, scene)
        tolerance = 0.0 if self.repeatable_gradients else self.gradient_tolerance
        for _ in range(3):
            again = self.gradients(renderer, scene)
            for name, expected in first.items():
                assert (again[name] - expected).norm() <= tolerance * expected.norm(), name
