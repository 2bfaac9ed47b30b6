"""Which renderer draws: by name, by configuration, or the best one that can."""

import logging
from dataclasses import dataclass
from functools import lru_cache

import torch

from gaussrep import plugins
from gaussrep.cameras import Cameras
from gaussrep.config import ComponentConfig
from gaussrep.errors import CapabilityError, Unavailable
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
    needs: frozenset[str]

    @classmethod
    def of(cls, gaussians: Gaussians, cameras: Cameras) -> "Request":
        """Read off the tensors what drawing them needs."""
        camera_gradients = cameras.viewmats.requires_grad or cameras.Ks.requires_grad
        differentiable = camera_gradients or any(t.requires_grad for _, t in gaussians.tensors())
        needs = {
            cameras.model: True,
            "sh": gaussians.sh is not None,
            "features": gaussians.features is not None,
            "float64": gaussians.dtype == torch.float64,
            "differentiable": differentiable and torch.is_grad_enabled(),
            "camera_gradients": camera_gradients and torch.is_grad_enabled(),
        }
        return cls(gaussians.device.type, frozenset(name for name, asked in needs.items() if asked))


def get_renderer(renderer: str | ComponentConfig) -> Renderer:
    """A renderer by name (`cpu`, `gaussrep:cpu`) or by configuration.

    Args:
        renderer: Name or configuration; `auto` has no renderer of its own, `render` resolves it.

    Returns:
        The renderer, the same object for the same configuration.

    Raises:
        UnknownName: If no plugin registers that name.
        AmbiguousName: If several do.
        Unavailable: If it cannot run here.
    """
    return _build(renderer)  # pyright: ignore[reportArgumentType] frozen, hence hashable


@lru_cache(maxsize=64)
def _build(renderer: str | ComponentConfig) -> Renderer:
    return plugins.build("renderers", renderer)


def check_request(name: str, request: Request) -> None:
    """Raise unless a named renderer declares what a call needs.

    Raises:
        CapabilityError: Naming what is missing and a renderer that has it.
    """
    record = plugins.find("renderers", name).record
    lacks = _lacks(record, request)
    if lacks:
        able = [c.record.name for c in plugins.list("renderers") if not _lacks(c.record, request)]
        cure = f"use renderer={able[0]!r}" if able else "no installed renderer can"
        raise CapabilityError(f"renderer {name!r} cannot do {', '.join(lacks)}; {cure}.")


def _lacks(record: plugins.RendererRecord, request: Request) -> list[str]:
    lacks = sorted(request.needs - record.capabilities)
    return lacks if request.device in record.devices else [f"device {request.device}", *lacks]


@lru_cache(maxsize=64)
def choose(request: Request) -> Renderer:
    """The renderer of highest priority that can do what a call needs; the choice is logged once.

    Raises:
        CapabilityError: If no installed renderer can.
    """
    components = plugins.list("renderers")
    components.sort(key=lambda component: (-component.record.priority, component.qualified))
    refused = []
    for component in components:
        lacks = _lacks(component.record, request)
        if lacks:
            refused.append(f"{component.record.name} cannot do {', '.join(lacks)}")
            continue
        try:
            renderer = _build(component.qualified)
        except Unavailable as error:
            refused.append(str(error))
            logger.warning("renderer %s is passed over: %s", component.record.name, error)
            continue
        logger.info("renderer %s draws on %s", component.record.name, request.device)
        return renderer
    raise CapabilityError(f"no renderer can draw this: {'; '.join(refused)}.")
