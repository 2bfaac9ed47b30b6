"""The model's settings as those of a fit."""

from typing import Annotated, Any

from gaussrep.config import ComponentConfig, Config, component, load_config
from gaussrep.errors import ConfigError
from gaussrep.fitting.config import FitConfig
from gaussrep_nerfstudio.model_config import GaussrepModelConfig

SETTABLE = ("loss.", "start.", "strategy.", "sh_share=", "rates.means_end=")
"""What `settings` may hold; the rest has a flag of its own, here or in nerfstudio."""
BACKGROUNDS = {"black": (0.0, 0.0, 0.0), "white": (1.0, 1.0, 1.0), "random": (0.0, 0.0, 0.0)}


class _Encoder(Config):
    encoder: Annotated[ComponentConfig, component("encoders")]


def fit_config(model: GaussrepModelConfig) -> FitConfig:
    """Say the settings in the words of `gaussrep.fitting`.

    Args:
        model: The settings; how many steps there are is not among them.

    Raises:
        ConfigError: With one line for every mistake.
    """
    for setting in model.settings:
        if not setting.startswith(SETTABLE):
            raise ConfigError(
                f"settings holds {setting}; wanted one that begins with {', '.join(SETTABLE)}; the "
                "others are flags of `ns-train`."
            )
    start = "auto" if model.start == "run" else model.start
    strategy: dict[str, Any] = {"type": model.strategy}
    if model.most is not None:
        strategy["most"] = model.most
    layer = {
        "data": {"path": ""},
        "start": {"type": start, "count": model.start_count},
        "strategy": strategy,
        "loss": {"ssim": model.ssim_weight, "depth": model.depth_weight},
        "sh_degree": model.sh_degree,
        "background": BACKGROUNDS[model.background],
        "random_background": model.background == "random",
        "calibrate": model.calibrate,
        "renderer": model.renderer,
    }
    return load_config(FitConfig, layer, [], model.settings)


def encoder_config(model: GaussrepModelConfig) -> ComponentConfig:
    """Settings of the encoder that teaches features.

    Args:
        model: Names one.

    Raises:
        ConfigError: With one line for every mistake.
        PluginError: There is no such encoder, or it cannot run here.
    """
    given = [f"encoder.{setting}" for setting in model.encoder_settings]
    return load_config(_Encoder, {"encoder": {"type": model.encoder}}, [], given).encoder
