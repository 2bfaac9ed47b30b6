"""Public weights for the encoder."""

from collections.abc import Iterable, Mapping
from math import isqrt
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from gaussrep.errors import ConfigError
from gaussrep_gmae.position import grid_code

TOLERANCE = 1e-4
"""Largest difference of stored position codes from the formula (ours; MAE's differ by rounding)."""
NAMED = 3
"""How many of the weights that do not fit a message names."""


def load_encoder_weights(vit: nn.Module, source: str) -> None:
    """Give a vision transformer the weights of a public masked autoencoder.

    Position codes are not taken: both have the same fixed ones, which is checked, so the image size
    may be another than the one the weights were trained at.

    Args:
        vit: timm's vision transformer without a classifier.
        source: A `.safetensors` file of a timm ViT, or timm's name of pretrained weights.

    Raises:
        ConfigError: If the weights cannot be had or do not fit.
    """
    weights = _read(Path(source)) if source.endswith(".safetensors") else _download(source)
    _require_fixed_codes(weights.pop("pos_embed", None), source)
    own = {name: tensor for name, tensor in vit.state_dict().items() if name != "pos_embed"}
    _require_fit(weights, own, source)
    vit.load_state_dict(weights, strict=False)


def _read(path: Path) -> dict[str, Tensor]:
    if not path.is_file():
        raise ConfigError(f"method.encoder_weights is {path}, but there is no such file.")
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise ConfigError(f"method.encoder_weights: {path} cannot be read: {error}.") from error


def _download(name: str) -> dict[str, Tensor]:
    import timm

    if not timm.is_model_pretrained(name):
        raise ConfigError(
            f"method.encoder_weights is {name!r}, for which timm {timm.__version__} has no weights;"
            " wanted a .safetensors file or a name such as vit_base_patch16_224.mae."
        )
    try:
        model = timm.create_model(name, pretrained=True, num_classes=0)
    except Exception as error:  # whatever the hub's client raises where the network fails
        reason = " ".join(str(error).split())
        raise ConfigError(
            f"method.encoder_weights: timm cannot download {name!r}; get its .safetensors file "
            f"elsewhere and give its path ({type(error).__name__}: {reason[:200]})."
        ) from error
    return model.state_dict()


def _require_fixed_codes(codes: Tensor | None, source: str) -> None:
    if codes is None:
        return
    side = isqrt(codes.shape[-2])
    wanted = grid_code(side, codes.shape[-1])
    if codes.shape != (1, *wanted.shape) or (codes - wanted).abs().max() > TOLERANCE:
        raise ConfigError(
            f"method.encoder_weights: {source} has position codes other than MAE's fixed ones; "
            "wanted the weights of a masked autoencoder."
        )


def _require_fit(weights: Mapping[str, Tensor], own: Mapping[str, Tensor], source: str) -> None:
    shared = weights.keys() & own.keys()
    problems = {
        "missing": sorted(own.keys() - weights.keys()),
        "unexpected": sorted(weights.keys() - own.keys()),
        "of another shape": [
            f"{name} {list(weights[name].shape)} instead of {list(own[name].shape)}"
            for name in sorted(shared)
            if weights[name].shape != own[name].shape
        ],
    }
    if texts := [f"{what}: {_named(names)}" for what, names in problems.items() if names]:
        raise ConfigError(
            f"method.encoder_weights: {source} does not fit this encoder ({'; '.join(texts)}); "
            "set method.encoder and method.patch_size to those of the weights."
        )


def _named(names: Iterable[str]) -> str:
    first = list(names)
    more = f" and {len(first) - NAMED} more" if len(first) > NAMED else ""
    return ", ".join(first[:NAMED]) + more
