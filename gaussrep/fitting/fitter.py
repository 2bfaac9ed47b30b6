"""SceneFitter: the steps of a fit, for any training loop."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial

import torch
from jaxtyping import Float, Int
from torch import Tensor

from gaussrep.building import build
from gaussrep.cameras import Cameras
from gaussrep.config import ComponentConfig
from gaussrep.errors import PluginError
from gaussrep.fitting.calibration import Calibration
from gaussrep.fitting.capture import Capture
from gaussrep.fitting.config import BaseFitConfig
from gaussrep.fitting.image_gradient import one_each, per_view, pixel_gradients
from gaussrep.fitting.initialization import init_gaussians, scene_extent
from gaussrep.fitting.losses import FitLoss, compute_fit_loss
from gaussrep.fitting.posed_images import PosedImages
from gaussrep.fitting.rng import RngStream, generator
from gaussrep.fitting.scene_model import SceneModel, placeholder_gaussians
from gaussrep.fitting.strategy import Optimizers, StepInfo, Strategy
from gaussrep.fitting.view_corrections import (
    Exposure,
    PoseCorrections,
    half_cosine,
    measure_balance,
)
from gaussrep.gaussians import Gaussians
from gaussrep.losses.loss import Loss
from gaussrep.rendering import Rendering, render
from gaussrep.rendering.cpu.renderer import CpuRenderer
from gaussrep.rendering.dispatch import RenderRequirements, resolve_renderer

logger = logging.getLogger("gaussrep")

SHARED_WEIGHT = 300.0
"""Weight of the squared mean of the higher spherical harmonics over the Gaussians, if exposures
are learned: what all Gaussians do alike when the view changes is exposure. Design choice."""
FEATURE_SCALE = 0.1
"""Initial standard deviation of features; design choice."""


@dataclass(frozen=True, eq=False)
class FittedViews:
    """Views of a scene that is fitted.

    Attributes:
        scene: The rendered scene, or what computes it.
        cameras: The views [V], corrected by the calibration.
        background: RGB behind the scene.
        rendering: The images, [V, H, W, ...].
        exposed: Indices of the fitted views whose exposures were applied.
    """

    scene: Gaussians | Callable[[], Gaussians]
    cameras: Cameras
    background: Float[Tensor, " 3"]
    rendering: Rendering
    exposed: Int[Tensor, " v"] | None = None

    @property
    def gaussians(self) -> Gaussians:
        """The rendered scene, [N], with gradients to its parameters."""
        return self.scene if isinstance(self.scene, Gaussians) else self.scene()


class SceneFitter:
    """Runs the steps of a fit inside a training loop that owns the optimizers.

    `gaussrep fit` runs it in gaussrep's trainer; a plugin runs it in that of another library. The
    loop places the first Gaussians with `init` or `set_gaussians`, makes one optimizer per tensor
    of `scene.raw`, and calls `start`. At each step it calls `begin_step`, `render_step` and
    `compute_loss`, adds `strategy.penalty`, makes the optimizer steps, and calls `end_step`. The
    loop's checkpoints must include the modules `scene`, `calibration`, `exposure`, `poses` and
    `loss`.

    Random numbers of a step are a pure function of the seed and the step, so a resumed fit ends
    with the same numbers as an uninterrupted one.

    Args:
        config: Settings.
        seed: Seed of the first Gaussians, random backgrounds and the strategy.
        cameras: Cameras of the fitted views, [V], which set the scene's extent; None if a
            checkpoint sets it.
        channels: Length of the Gaussians' feature vectors; None for none.

    Attributes:
        config: The settings.
        scene: The Gaussians; one transparent Gaussian before the first are placed.
        calibration: The correction that all cameras share; not trained unless `config.calibrate`
            or `config.optimize.intrinsics`.
        exposure: Exposures of the fitted views; None if they are not learned.
        poses: Corrections of their poses; None if they are not learned.
        loss: Image loss.
        strategy: The densification strategy; None before `start`.
        sh_degree: Degree of the spherical harmonics at the current step; None uses all.
    """

    def __init__(
        self,
        config: BaseFitConfig,
        seed: int,
        cameras: Cameras | None = None,
        channels: int | None = None,
    ) -> None:
        self.config = config
        extent = 1.0 if cameras is None else scene_extent(cameras)
        self.scene = self._model(placeholder_gaussians(channels))
        self.calibration = Calibration(extent).requires_grad_(config.calibrate)
        for parameter in self.calibration.intrinsics():
            parameter.requires_grad_(self.calibrates)
        views = 1 if cameras is None else cameras.views
        learned = config.optimize
        self.exposure = Exposure(views, vignetting=learned.vignetting) if learned.exposure else None
        self.poses = PoseCorrections(views) if learned.poses else None
        self.loss: Loss = build("losses", config.loss)
        self.strategy: Strategy | None = None
        self.sh_degree: int | None = None
        self._seed, self._channels = seed, channels
        self._passes: list[tuple[Tensor, Cameras]] = []
        self._balances: list[tuple[Tensor, Tensor]] = []

    @property
    def extent(self) -> float:
        """Size of the scene in scene units."""
        return self.calibration.extent.item()

    @property
    def background(self) -> Float[Tensor, " 3"]:
        """Background RGB of evaluation and, unless it is random, of training."""
        return self.scene.raw["means"].new_tensor(self.config.background)

    def init(self, capture: Capture) -> None:
        """Place the first Gaussians of a capture.

        Args:
            capture: Cameras, and points if it has any.

        Raises:
            DataError: The settings require points and the capture has none.
        """
        rng = generator(self._seed, RngStream.INIT)
        self._place(init_gaussians(capture, self.config.init, rng), rng)

    def set_gaussians(self, gaussians: Gaussians) -> None:
        """Replace the Gaussians; only before the optimizers are made.

        Args:
            gaussians: The first Gaussians, [N]; random features are added if they lack them.
        """
        self._place(gaussians, generator(self._seed, RngStream.INIT))

    def start(self, steps: int, state: dict[str, Tensor] | None = None) -> None:
        """Build the strategy for the length of the fit.

        Args:
            steps: Total number of optimizer steps.
            state: The strategy's `state` from a checkpoint.

        Raises:
            PluginError: The strategy is of another class.
        """
        strategy = build("strategies", self.config.strategy, steps=steps, extent=self.extent)
        if not isinstance(strategy, Strategy):
            raise PluginError(
                f"the strategy {self.config.strategy.type!r} is a {type(strategy).__name__}, not a "
                "gaussrep.Strategy"
            )
        strategy.state = {} if state is None else state
        self.strategy = strategy

    def begin_step(self, step: int, steps: int) -> None:
        """Set degree, random numbers and background of a step.

        Args:
            step: Number of previous steps.
            steps: Steps in all.
        """
        device = self.scene.raw["means"].device
        self.sh_degree = self.config.sh_degree_at(step, steps)
        self._generator = generator(self._seed, RngStream.STEP, step, device)
        self._background = self.background
        if self.config.random_background:
            self._background = torch.rand(3, generator=self._generator, device=device)
        self._passes, self._balances = [], []
        self._pace = half_cosine(step, steps)

    @property
    def calibrates(self) -> bool:
        """Whether the correction that all cameras share is learned."""
        return self.config.calibrate or self.config.optimize.intrinsics

    def render_step(self, cameras: Cameras, views: Int[Tensor, " v"] | None = None) -> FittedViews:
        """Render views in training, and keep what the strategy needs of them.

        Args:
            cameras: Views [V] of the capture, before the calibration.
            views: Indices of the views among the fitted views; needed if exposures or poses are
                learned.

        Returns:
            The views over the background of the step, exposed as those of the capture.
        """
        corrected, background = self.correct(cameras, views), self._background
        scene = partial(self.scene.gaussians, self.sh_degree)
        if _is_for_cpu(self.scene, corrected, self.config.renderer):
            from gaussrep.fitting.cpu_views import render_views  # where Numba is

            shown, means = render_views(self.scene, corrected, background, self.sh_degree)
        else:
            scene = scene()
            copies = per_view(scene, cameras.views)
            rendered = render(copies, one_each(corrected), self.config.renderer, background)
            shown, means = _first_view(rendered), copies.means
        is_learned = any(each.requires_grad for each in corrected.tensors().values())
        self._passes.append((means, corrected.detach() if is_learned else corrected))
        if self.exposure is not None and views is not None:
            color = self.exposure(shown.color, shown.alpha, background, views)
            shown = replace(shown, color=color)
        exposed = None if self.exposure is None else views
        return FittedViews(scene, corrected, background, shown, exposed)

    def exposure_penalty(self) -> Float[Tensor, ""] | None:
        """Compute the weighted penalty on exposures, and on exposure that the scene absorbs.

        Returns:
            A scalar to add to the loss; None if exposures are not learned.
        """
        if self.exposure is None:
            return None
        penalty = self.config.optimize.exposure_weight * self.exposure.penalty()
        if "shN" in self.scene.raw:
            penalty = penalty + SHARED_WEIGHT * self.scene.raw["shN"].mean(0).square().sum()
        return penalty

    def render(self, cameras: Cameras, gaussians: Gaussians | None = None) -> FittedViews:
        """Render views outside of training.

        Args:
            cameras: Views [V] of the capture, before the calibration.
            gaussians: What to render; by default the current scene at its current SH degree.

        Returns:
            The views over the fixed background.
        """
        shown = self.scene.gaussians(self.sh_degree) if gaussians is None else gaussians
        corrected, background = self.correct(cameras), self.background
        rendering = render(shown, corrected, self.config.renderer, background)
        return FittedViews(shown, corrected, background, rendering)

    def compute_loss(self, views: FittedViews, images: PosedImages) -> FitLoss:
        """Compare rendered views with captured ones.

        Args:
            views: The rendered views.
            images: The same views, captured.

        Returns:
            The image loss with the weighted error of depth, without the strategy's penalty.
        """
        if views.exposed is not None:
            balance = measure_balance(views.rendering, images, views.background)
            self._balances.append((views.exposed, balance))
        weight = self.config.depth_weight
        return compute_fit_loss(
            views.rendering,
            images,
            views.background,
            self.loss,
            depth_weight=weight,
            extent=self.extent,
        )

    def end_step(
        self, step: int, optimizers: Optimizers, gather: Callable[[Tensor], Tensor] | None = None
    ) -> None:
        """Let the strategy change the scene after the optimizer steps, and move gains of exposures.

        Args:
            step: Steps made.
            optimizers: One per tensor of `scene.raw`, by its name; others are ignored.
            gather: Joins the rows of a tensor of all processes, if several share the views of a
                step and average their gradients; None in one process.
        """
        assert self.strategy is not None
        own = {name: each for name, each in optimizers.items() if name in self.scene.raw}
        info = StepInfo(
            step=step,
            means_lr=own["means"].param_groups[0]["lr"],
            pixel_gradients=self._pixel_gradients(step, gather),
            generator=self._generator,
        )
        self.strategy.after_step(self.scene, own, info)
        self._move_gains(gather)

    def correct(self, cameras: Cameras, views: Int[Tensor, " v"] | None = None) -> Cameras:
        """Apply the corrections of poses and the calibration, if they are learned.

        Args:
            cameras: Views [V] of the capture.
            views: Indices of the views among the fitted views; poses of other views are not
                corrected.

        Returns:
            The corrected cameras.
        """
        if self.poses is not None and views is not None:
            cameras = self.poses(cameras, views, self.extent)
        return self.calibration(cameras) if self.calibrates else cameras

    def _move_gains(self, gather: Callable[[Tensor], Tensor] | None) -> None:
        if self.exposure is None or not self._balances:
            return
        parts = [torch.cat(part) for part in zip(*self._balances, strict=True)]
        views, balances = parts if gather is None else map(gather, parts)
        self.exposure.move_gains(views, balances, self._pace)

    def _place(self, gaussians: Gaussians, rng: torch.Generator) -> None:
        if self._channels is not None and gaussians.features is None:
            features = torch.randn(gaussians.count, self._channels, generator=rng)
            gaussians = gaussians.replace(features=FEATURE_SCALE * features)
        if gaussians.antialiased and not self.config.antialiased:
            logger.warning(
                "the first Gaussians were fitted with antialiasing, this fit renders without it; "
                "antialiased=true renders them as they were fitted"
            )
        self.scene = self._model(gaussians)

    def _model(self, gaussians: Gaussians) -> SceneModel:
        marked = gaussians.replace(antialiased=self.config.antialiased)
        return SceneModel(marked, self.config.sh_degree)

    def _pixel_gradients(
        self, step: int, gather: Callable[[Tensor], Tensor] | None
    ) -> Float[Tensor, "v n 2"]:
        """Gradients with respect to the projected centers, per view and backward pass."""
        assert self.strategy is not None
        if not self.strategy.needs_pixel_gradients(step):
            views = sum(len(means) for means, _ in self._passes)
            means = self.scene.raw["means"]
            return means.new_zeros(1).expand(views, len(means), 2)
        gradients = []
        for means, cameras in self._passes:
            assert means.grad is not None
            gradients.append(pixel_gradients(means.detach(), means.grad, cameras))
        found = torch.cat(gradients)
        if gather is None:
            return found
        joined = gather(found)
        return joined * (len(found) / len(joined))  # of the mean loss over all processes


def _first_view(rendered: Rendering) -> Rendering:
    """Reshape images [V, 1] to [V]."""
    features = None if rendered.features is None else rendered.features[:, 0]
    return Rendering(rendered.color[:, 0], rendered.alpha[:, 0], rendered.depth[:, 0], features)


def _is_for_cpu(scene: SceneModel, cameras: Cameras, renderer: ComponentConfig) -> bool:
    """Whether the renderer `cpu` renders a step, so that `render_views` can."""
    means = scene.raw["means"]
    is_plain = means.is_cpu and means.dtype == torch.float32 == cameras.viewmats.dtype
    if not is_plain or not torch.is_grad_enabled() or torch.compiler.is_compiling():
        return False
    optional = {
        "features": "features" in scene.raw,
        "antialiased": scene.antialiased,
        "camera_gradients": any(each.requires_grad for each in cameras.tensors().values()),
    }
    wanted = tuple(name for name, is_on in optional.items() if is_on)
    return _is_cpu(renderer, (cameras.model, *wanted))  # pyright: ignore[reportArgumentType] frozen, hence hashable


@cache
def _is_cpu(renderer: ComponentConfig, wanted: tuple[str, ...]) -> bool:
    capabilities = frozenset({"sh", "differentiable", *wanted})
    found = resolve_renderer(renderer, RenderRequirements("cpu", capabilities))
    return type(found) is CpuRenderer and found.config.order_window == 0
