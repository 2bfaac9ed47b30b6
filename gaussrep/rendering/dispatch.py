"""Which renderer draws: by name, by configuration, or the best one that can."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

import torch

from gaussrep import plugins
from gaussrep.building import build
from gaussrep.cameras import Cameras
from gaussrep.config import ComponentConfig
from gaussrep.errors import CapabilityError, UnavailableError
from gaussrep.gaussians import Gaussians
from gaussrep.rendering.renderer import Renderer

logger = logging.getLogger("gaussrep")


@dataclass(frozen=True)
class Request:
    """What a call asks of a renderer.

    Args:
        device: Device type of the tensors.
        needs: Capabilities without which the picture or its gradients would be wrong.
    """

    device: str
    needs: frozenset[str] = frozenset()

    @classmethod
    def of(cls, gaussians: Gaussians, cameras: Cameras) -> "Request":
        """Read off the tensors what drawing them needs."""
        graded = torch.is_grad_enabled()
        of_cameras = graded and (cameras.viewmats.requires_grad or cameras.Ks.requires_grad)
        of_gaussians = graded and any(t.requires_grad for _, t in gaussians.tensors())
        needs = {
            cameras.model: True,
            "sh": gaussians.sh is not None,
            "features": gaussians.features is not None,
            "float64": gaussians.dtype == torch.float64,
            "differentiable": of_cameras or of_gaussians,
            "camera_gradients": of_cameras,
        }
        return cls(gaussians.device.type, frozenset(name for name, asked in needs.items() if asked))


@dataclass(frozen=True)
class Candidate:
    """A renderer, and whether it can answer a request.

    Args:
        component: The renderer, which may not be imported.
        lacks: What the request needs and the renderer does not declare; the picture that all others
            draw, where its own is another.
        unavailable: Why it cannot run here at all; None where it can, or where it lacks something
            anyway.
    """

    component: plugins.Component
    lacks: tuple[str, ...] = ()
    unavailable: str | None = None

    @property
    def refusal(self) -> str | None:
        """Why it cannot draw, or None where it can."""
        if self.lacks:
            return f"{self.component.name} cannot do {', '.join(self.lacks)}"
        return self.unavailable


def get_renderer(renderer: str | ComponentConfig) -> Renderer:
    """A renderer by name (`cpu`, `gaussrep:cpu`) or by configuration.

    Args:
        renderer: Name or configuration; `auto` has no renderer of its own, `render` resolves it.

    Returns:
        The renderer, the same object for the same configuration.

    Raises:
        UnknownNameError: If no plugin registers that name.
        AmbiguousNameError: If several do.
        UnavailableError: If it cannot run here.
    """
    return _build(renderer)  # pyright: ignore[reportArgumentType] frozen, hence hashable


@lru_cache(maxsize=64)
def _build(renderer: str | ComponentConfig) -> Renderer:
    return build("renderers", renderer)


def check_request(name: str, request: Request) -> None:
    """Raise unless a named renderer declares what a call needs.

    Raises:
        CapabilityError: Naming what is missing and a renderer that has it.
    """
    lacks = _lacks(plugins.find("renderers", name).record, request)
    if lacks:
        able = next((c.component.name for c in candidates(request) if c.refusal is None), None)
        cure = f"use renderer={able!r}" if able else "no installed renderer can"
        raise CapabilityError(f"renderer {name!r} cannot do {', '.join(lacks)}; {cure}.")


def _lacks(record: plugins.RendererRecord, request: Request) -> tuple[str, ...]:
    lacks = tuple(sorted(request.needs - record.capabilities))
    return lacks if request.device in record.devices else (f"device {request.device}", *lacks)


def candidates(request: Request) -> Iterator[Candidate]:
    """Look at every renderer, in the order in which `auto` prefers them.

    Those that declare all that is needed are built, one by one as they are asked for, to see
    whether they can run here; the rest are not imported.

    Args:
        request: What a call needs.

    Yields:
        One candidate per installed renderer.
    """
    components = plugins.list("renderers")
    components.sort(key=lambda component: (-component.record.priority, component.qualified))
    for component in components:
        lacks = _lacks(component.record, request)
        if not component.record.is_reference_equivalent:
            lacks = ("reference-equivalent images", *lacks)
        if lacks:
            yield Candidate(component, lacks)
            continue
        try:
            get_renderer(component.qualified)
        except UnavailableError as error:
            yield Candidate(component, unavailable=str(error))
        except Exception as error:  # a broken plugin costs only itself
            if component.distribution == plugins.CORE:
                raise
            yield Candidate(component, unavailable=f"{type(error).__name__}: {error}")
        else:
            yield Candidate(component)


@lru_cache(maxsize=64)
def choose(request: Request) -> Renderer:
    """The renderer of highest priority that can do what a call needs; each choice is logged once.

    Raises:
        CapabilityError: If no installed renderer can.
    """
    refused = []
    for candidate in candidates(request):
        name = candidate.component.name
        if candidate.refusal is None:
            _log_once(logging.INFO, f"renderer {name} draws on {request.device}")
            return get_renderer(candidate.component.qualified)
        if candidate.unavailable is not None:
            reason = f"renderer {name} is passed over: {candidate.unavailable}"
            _log_once(logging.WARNING, reason)
        refused.append(candidate.refusal)
    raise CapabilityError(f"no renderer can draw this: {'; '.join(refused)}.")


@cache
def _log_once(level: int, message: str) -> None:
    logger.log(level, message)
