"""Export of the encoder for timm."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from safetensors.torch import save_file

from gaussrep.errors import CapabilityError
from gaussrep.runtime import atomic_write
from gaussrep_gmae.encoder import MEAN, STD, ViT
from gaussrep_gmae.export_checks import require_new_folder
from gaussrep_gmae.masked import MaskedMethod

ARCHITECTURE = "vit_base_patch16_224"
"""timm's architecture name in the folder; its `model_args` give all sizes of the ViT."""


def export_vit(method: MaskedMethod, folder: Path) -> None:
    """Write a method's encoder for `timm.create_model("local-dir:FOLDER", pretrained=True)`.

    The model takes images normalized with ImageNet's mean and deviation; `forward_features` returns
    the class token and the patch tokens, `forward` the mean of the patch tokens.

    Args:
        method: A GMAE or an MAE.
        folder: The new folder, for `config.json` and `model.safetensors`.

    Raises:
        CapabilityError: The encoder is not of type `vit`.
        RunError: The folder exists already.
    """
    encoder = method.encoder
    if not isinstance(encoder, ViT):
        raise CapabilityError(
            f"the encoder {method.config.encoder.type!r} cannot be exported; expected type vit"
        )
    require_new_folder(folder)
    weights = {name: t.contiguous().cpu() for name, t in encoder.vit.state_dict().items()}
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder.parent) as temporary:  # complete before it has its name
        content = Path(temporary) / folder.name
        content.mkdir()
        with atomic_write(content / "model.safetensors") as file:
            save_file(weights, file, metadata={"format": "pt"})
        text = json.dumps(timm_config(encoder), indent=1)
        (content / "config.json").write_text(text, encoding="utf-8")
        content.rename(folder)


def timm_config(encoder: ViT) -> dict[str, Any]:
    """Return timm's configuration of an encoder.

    Args:
        encoder: The encoder.

    Returns:
        Content of a model's `config.json`.
    """
    size = encoder.image_size
    return {
        "architecture": ARCHITECTURE,
        "num_classes": 0,
        "num_features": encoder.width,
        "global_pool": "avg",
        "model_args": {
            "img_size": size,
            "patch_size": encoder.patch_size,
            "embed_dim": encoder.width,
            "depth": encoder.config.depth,
            "num_heads": encoder.config.heads,
            "mlp_ratio": encoder.config.mlp_ratio,
            "num_classes": 0,
            "global_pool": "avg",
            "fc_norm": False,
        },
        "pretrained_cfg": {
            "input_size": [3, size, size],
            "fixed_input_size": True,
            "interpolation": "bicubic",
            "crop_pct": 1.0,
            "mean": list(MEAN),
            "std": list(STD),
            "num_classes": 0,
            "pool_size": None,
            "first_conv": "patch_embed.proj",
            "classifier": "head",
        },
    }
