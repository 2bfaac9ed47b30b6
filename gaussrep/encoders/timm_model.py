"""A model of timm and what must be known to feed it."""

from dataclasses import dataclass
from typing import Any

from gaussrep.errors import UnavailableError


@dataclass(frozen=True, slots=True)
class TimmModel:
    """A model without its classifier.

    Attributes:
        network: The model.
        cell: Side in pixels of the square that a vector of the last feature map stands for.
        only_size: Height and width of the only pictures that it takes; None, it takes any size.
        mean: RGB to subtract from pictures in [0, 1].
        std: RGB to divide by after that.
    """

    network: Any
    cell: int
    only_size: tuple[int, int] | None
    mean: tuple[float, float, float]
    std: tuple[float, float, float]

    @classmethod
    def create(cls, name: str, *, pretrained: bool) -> "TimmModel":
        """Build a model; transformers that can are told to take pictures of any size.

        Args:
            name: As `timm.create_model` takes it.
            pretrained: Load its weights, from the disk or the network.

        Raises:
            UnavailableError: There is no such model, or its weights cannot be had.
        """
        from timm.data.config import resolve_data_config

        network, flexible = _create(name, pretrained=pretrained)
        facts = network.pretrained_cfg
        wants = resolve_data_config(pretrained_cfg=facts)
        fixed = facts.get("fixed_input_size", False) and not flexible
        return cls(
            network=network,
            cell=network.feature_info[-1]["reduction"],
            only_size=tuple(wants["input_size"][1:]) if fixed else None,
            mean=tuple(wants["mean"]),
            std=tuple(wants["std"]),
        )


def _create(name: str, *, pretrained: bool) -> tuple[Any, bool]:
    import timm

    try:
        try:
            network = timm.create_model(
                name, pretrained=pretrained, num_classes=0, dynamic_img_size=True
            )
            return network, True
        except TypeError:  # the model knows no such argument
            return timm.create_model(name, pretrained=pretrained, num_classes=0), False
    except Exception as error:  # whatever timm and the hub's client raise
        raise UnavailableError(_sentence(name, timm.__version__, error)) from error


def _sentence(name: str, version: str, error: Exception) -> str:
    reason = " ".join(str(error).split())[:200]
    return (
        f"timm {version} cannot give the model {name!r} ({type(error).__name__}: {reason}); check "
        "the name with timm.list_models(), and where there is no network give local-dir:FOLDER "
        "with the model's config.json and model.safetensors, or take type=statistics, which needs "
        "no weights"
    )
