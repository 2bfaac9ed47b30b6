"""Conversion of the model's settings to those of a fit."""

from typing import TYPE_CHECKING, Annotated, Any

from gaussrep.config import ComponentConfig, Config, component, load_config
from gaussrep.errors import ConfigError
from gaussrep.fitting import BaseFitConfig

if TYPE_CHECKING:
    from gaussrep_nerfstudio.model_config import GaussrepModelConfig

SETTABLE = (
    "loss.",
    "init.opacity=",
    "init.scale=",
    "strategy.",
    "sh_interval_fraction=",
    "learning_rates.means_end=",
)
"""Prefixes that `settings` accepts; other settings have flags, here or in nerfstudio."""
BACKGROUNDS = {"black": (0.0, 0.0, 0.0), "white": (1.0, 1.0, 1.0), "random": (0.0, 0.0, 0.0)}


class _Encoder(Config):
    encoder: Annotated[ComponentConfig, component("encoders")]


def scene_config(model: "GaussrepModelConfig") -> BaseFitConfig:
    """Convert the settings to those of `gaussrep.fitting`.

    Args:
        model: The settings.

    Returns:
        The validated settings.

    Raises:
        ConfigError: With one line for every mistake.
    """
    for setting in model.settings:
        if not setting.startswith(SETTABLE):
            raise ConfigError(
                f"settings holds {setting}; expected one that begins with {', '.join(SETTABLE)}; "
                "the others are flags of `ns-train`."
            )
    init = "auto" if model.init == "run" else model.init
    strategy: dict[str, Any] = {"type": model.strategy}
    if model.max_gaussians is not None:
        strategy["max_gaussians"] = model.max_gaussians
    layer = {
        "init": {"type": init, "count": model.init_count},
        "strategy": strategy,
        "loss": {"type": "l1-ssim", "ssim_weight": model.ssim_weight},
        "depth_weight": model.depth_weight,
        "sh_degree": model.sh_degree,
        "background": BACKGROUNDS[model.background],
        "random_background": model.background == "random",
        "calibrate": model.calibrate,
        "renderer": model.renderer,
    }
    return load_config(BaseFitConfig, layer, [], model.settings)


def encoder_config(model: "GaussrepModelConfig") -> ComponentConfig:
    """Resolve the settings of the encoder of the feature targets.

    Args:
        model: The settings.

    Returns:
        The validated settings of the encoder.

    Raises:
        ConfigError: With one line for every mistake.
        PluginError: There is no such encoder, or it cannot run here.
    """
    given = [f"encoder.{setting}" for setting in model.encoder_settings]
    return load_config(_Encoder, {"encoder": {"type": model.encoder}}, [], given).encoder
