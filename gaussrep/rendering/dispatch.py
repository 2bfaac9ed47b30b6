"""The function `render`, and its choice of a renderer: by name, or the best for the input."""

import logging
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from functools import cache, lru_cache

import torch
from jaxtyping import Float
from torch import Tensor

from gaussrep import plugins
from gaussrep.building import build
from gaussrep.cameras import Cameras
from gaussrep.config import ComponentConfig
from gaussrep.errors import CapabilityError, UnavailableError, ValueRangeError
from gaussrep.gaussians import Gaussians
from gaussrep.plugins.component import CORE
from gaussrep.rendering.renderer import OUTPUTS, Renderer, Rendering

logger = logging.getLogger("gaussrep")


def render(
    gaussians: Gaussians,
    cameras: Cameras,
    renderer: str | ComponentConfig | Renderer = "auto",
    background: Float[Tensor, "*#batch 3"] | None = None,
    outputs: Collection[str] = (),
) -> Rendering:
    """Render Gaussians from cameras.

    Args:
        gaussians: Scenes, [*B, N].
        cameras: Views of each scene, [*B, V], with the same batch axes.
        renderer: Name, configuration or object; `auto` selects the renderer of highest priority
            that supports the device and the input.
        background: RGB behind the Gaussians, [3] or broadcastable to [*B, V, 3]; black if None.
        outputs: Further outputs, `["median_depth", "normals"]` or one of them; see `Rendering`.

    Returns:
        Color, alpha, expected depth and features of every scene from every view, and the further
        outputs.

    Raises:
        ShapeError: If batch axes, dtypes or devices disagree.
        ValueRangeError: If a tensor holds NaN or infinite values; inside
            `gaussrep.rendering.defer_finite_checks`, at the end of the block. If an output does not
            exist.
        CapabilityError: If the renderer does not support the input.
        UnavailableError: If the renderer cannot run here.

    Examples:
        >>> import torch, gaussrep as gr
        >>> g = gr.Gaussians(torch.tensor([[0.0, 0, 2]]), torch.tensor([[1.0, 0, 0, 0]]),
        ...                  torch.full((1, 3), 0.1), torch.ones(1), colors=torch.ones(1, 3))
        >>> eye = gr.Cameras.look_at(torch.zeros(1, 3), torch.tensor([0.0, 0, 1]),
        ...                          torch.tensor([0.0, -1, 0]), width=32, height=24)
        >>> gr.render(g, eye).color.shape
        torch.Size([1, 24, 32, 3])
    """
    if isinstance(outputs, str) or not OUTPUTS.issuperset(outputs):
        wanted = ", ".join(map(repr, sorted(OUTPUTS)))
        raise ValueRangeError(f"outputs is {outputs!r}, expected a list of {wanted}.")
    if not isinstance(renderer, Renderer):
        requirements = RenderRequirements.from_tensors(gaussians, cameras, outputs)
        if cameras.model == "fisheye" and _has_ideal_fisheyes_only(renderer):
            requirements = requirements.without_coefficients(cameras)
        renderer = resolve_renderer(renderer, requirements)
    return renderer.render(gaussians, cameras, background, outputs)


@dataclass(frozen=True)
class RenderRequirements:
    """Requirements of a call on its renderer.

    Args:
        device: Device type of the tensors.
        capabilities: Capabilities without which the image or its gradients would be wrong.
    """

    device: str
    capabilities: frozenset[str] = frozenset()

    @classmethod
    def from_tensors(
        cls, gaussians: Gaussians, cameras: Cameras, outputs: Collection[str] = ()
    ) -> "RenderRequirements":
        """Derive the requirements from the input.

        Args:
            gaussians: Scenes, [*B, N].
            cameras: Views, [*B, V].
            outputs: Further outputs.

        Returns:
            Device and capabilities.
        """
        grad = torch.is_grad_enabled()
        camera_gradients = grad and any(t.requires_grad for t in cameras.tensors().values())
        gaussian_gradients = grad and any(t.requires_grad for _, t in gaussians.tensors())
        required = {
            **dict.fromkeys(outputs, True),
            cameras.model: True,
            "sh": gaussians.sh is not None,
            "features": gaussians.features is not None,
            "antialiased": gaussians.antialiased,
            "float64": gaussians.dtype == torch.float64,
            "differentiable": camera_gradients or gaussian_gradients,
            "camera_gradients": camera_gradients,
        }
        return cls(
            gaussians.device.type, frozenset(name for name, is_on in required.items() if is_on)
        )

    def without_coefficients(self, cameras: Cameras) -> "RenderRequirements":
        """Require an ideal fisheye in the place of one with coefficients, if all of them are 0.

        Args:
            cameras: Fisheyes, [*B, V]; on a GPU, this waits for the device.

        Returns:
            The requirements.
        """
        if cameras.distortion is not None and cameras.distortion.any():
            return self
        return replace(self, capabilities=self.capabilities - {"fisheye"} | {"ideal_fisheye"})


def _has_ideal_fisheyes_only(renderer: str | ComponentConfig) -> bool:
    name = renderer if isinstance(renderer, str) else renderer.type
    if name == "auto":
        return False
    capabilities = plugins.find("renderers", name).record.capabilities
    return "ideal_fisheye" in capabilities and "fisheye" not in capabilities


@dataclass(frozen=True)
class Candidate:
    """A renderer, and whether it meets some requirements.

    Args:
        component: The renderer, which may not be imported.
        missing_capabilities: Requirements that the renderer's record does not declare.
        error: Message of the error that its construction raised; None if it was constructed, or
            if capabilities are missing.
    """

    component: plugins.Component
    missing_capabilities: tuple[str, ...] = ()
    error: str | None = None

    @property
    def unavailable_reason(self) -> str | None:
        """Why the renderer cannot be used, or None if it can."""
        if self.missing_capabilities:
            return f"{self.component.name} cannot do {', '.join(self.missing_capabilities)}"
        return self.error


def get_renderer(renderer: str | ComponentConfig) -> Renderer:
    """Get a renderer by name (`cpu`, `gaussrep:cpu`) or by configuration.

    Args:
        renderer: Name or configuration; `auto` is not a renderer, only `render` resolves it.

    Returns:
        The renderer, the same object for the same configuration.

    Raises:
        UnknownNameError: If no plugin registers that name.
        AmbiguousNameError: If several do.
        UnavailableError: If it cannot run here.
    """
    return _build(renderer)  # pyright: ignore[reportArgumentType] frozen, hence hashable


def resolve_renderer(renderer: str | ComponentConfig, requirements: RenderRequirements) -> Renderer:
    """Get the renderer of a call.

    Args:
        renderer: Name or configuration; `auto` selects one.
        requirements: Requirements of the call.

    Returns:
        The renderer.

    Raises:
        CapabilityError: If it, or any, does not meet the requirements.
        UnavailableError: If it cannot run here.
    """
    name = renderer if isinstance(renderer, str) else renderer.type
    if name == "auto":
        return select_renderer(requirements)
    check_requirements(name, requirements)
    return get_renderer(renderer)


@lru_cache(maxsize=64)
def _build(renderer: str | ComponentConfig) -> Renderer:
    return build("renderers", renderer)


def check_requirements(name: str, requirements: RenderRequirements) -> None:
    """Raise unless a renderer declares the capabilities that a call requires.

    Args:
        name: Name of the renderer.
        requirements: Requirements of the call.

    Raises:
        CapabilityError: Naming the missing capabilities and a renderer that has them.
    """
    missing = _missing_capabilities(plugins.find("renderers", name).record, requirements)
    if missing:
        usable = (c.component.name for c in candidates(requirements) if not c.unavailable_reason)
        other = next(usable, None)
        cure = f"use the renderer {other!r}" if other else "no installed renderer can"
        raise CapabilityError(f"renderer {name!r} cannot do {', '.join(missing)}; {cure}.")


def _missing_capabilities(
    record: plugins.RendererRecord, requirements: RenderRequirements
) -> tuple[str, ...]:
    implied = {"ideal_fisheye"} if "fisheye" in record.capabilities else set()
    missing = tuple(sorted(requirements.capabilities - record.capabilities - implied))
    device = requirements.device
    return missing if device in record.devices else (f"device {device}", *missing)


def candidates(requirements: RenderRequirements) -> Iterator[Candidate]:
    """Examine every renderer, in the order in which `auto` prefers them.

    A renderer that declares all required capabilities is constructed, when the iterator reaches it,
    to find out whether it can run here; the others are not imported.

    Args:
        requirements: Requirements of a call.

    Yields:
        One candidate per installed renderer.
    """
    components = plugins.list("renderers")
    components.sort(key=lambda component: (-component.record.priority, component.qualified))
    for component in components:
        missing = _missing_capabilities(component.record, requirements)
        if not component.record.is_reference_equivalent:
            missing = ("reference-equivalent images", *missing)
        if missing:
            yield Candidate(component, missing)
            continue
        try:
            get_renderer(component.qualified)
        except UnavailableError as error:
            yield Candidate(component, error=str(error))
        except Exception as error:  # a broken plugin must not break `auto`
            if component.distribution == CORE:
                raise
            yield Candidate(component, error=f"{type(error).__name__}: {error}")
        else:
            yield Candidate(component)


@lru_cache(maxsize=64)
def select_renderer(requirements: RenderRequirements) -> Renderer:
    """Select the renderer of highest priority that meets the requirements of a call.

    Each selection is logged once.

    Args:
        requirements: Requirements of a call.

    Returns:
        The renderer.

    Raises:
        CapabilityError: If no installed renderer meets them.
    """
    reasons = []
    for candidate in candidates(requirements):
        name = candidate.component.name
        if candidate.unavailable_reason is None:
            _log_once(logging.INFO, f"using renderer {name} on {requirements.device}")
            return get_renderer(candidate.component.qualified)
        if candidate.error is not None:
            _log_once(logging.WARNING, f"skipping renderer {name}: {candidate.error}")
        reasons.append(candidate.unavailable_reason)
    raise CapabilityError(f"no renderer can render this: {'; '.join(reasons)}.")


@cache
def _log_once(level: int, message: str) -> None:
    logger.log(level, message)
