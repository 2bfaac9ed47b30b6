"""Components of the distributions that are released with gaussrep, which may not be installed."""

from collections.abc import Mapping
from types import MappingProxyType

from gaussrep.plugins.requirements import unmet

COMPANIONS: Mapping[str, Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "gmae": {
            "methods": ("gmae", "mae"),
            "encoders": ("timm-vit", "vit"),
            "commands": ("export-vit",),
            "evaluations": ("depth-order", "edges", "figure-ground", "layers"),
        },
        "gaussiancross": {
            "methods": ("gaussiancross", "point-group", "point-segmenter"),
            "encoders": ("point-transformer", "sparse-unet"),
            "evaluations": (
                "instance-fine-tune",
                "semantic-fine-tune",
                "semantic-probe",
                "views",
            ),
        },
        "nerfstudio": {"formats": ("nerfstudio",)},
        "pytorch3d": {"renderers": ("pulsar", "pytorch3d")},
        "rooms": {"commands": ("make-rooms",)},
    }
)
"""Names of components by kind, by the folder of the distribution in `plugins/`."""


def install_advice(folder: str) -> str:
    """The end of a sentence: how to install a distribution of this repository.

    Args:
        folder: Its folder in `plugins/`.

    Returns:
        A command, and where to run it.
    """
    return f"`pip install -e plugins/{folder}` in a clone of gaussrep installs it"


def missing_companion(kind: str | None, name: str) -> str:
    """Find the distribution that a component belongs to, if it is not installed.

    Args:
        kind: Kind of component, a key of `KINDS`; None for any but commands.
        name: Short or qualified name.

    Returns:
        Half a sentence to follow "There is no such name; "; empty where nothing is known.
    """
    given, _, short = name.rpartition(":")
    for folder, names in COMPANIONS.items():
        distribution = f"gaussrep-{folder}"
        kinds = names.keys() - {"commands"} if kind is None else {kind}
        has_name = any(short in names.get(each, ()) for each in kinds)
        if has_name and given in ("", distribution) and unmet([distribution]):
            return f"it is in {distribution}, which is not installed; {install_advice(folder)}"
    return ""
