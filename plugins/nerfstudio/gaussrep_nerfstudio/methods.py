"""The methods of this distribution, found by nerfstudio through entry points; never raises."""

from nerfstudio.plugins.types import MethodSpecification

from gaussrep_nerfstudio.broken import broken_config


def method(name: str, summary: str) -> MethodSpecification:
    """Specify a method.

    nerfstudio loads entry points without a guard: an exception here would end every `ns-*` command.

    Args:
        name: Name for `ns-train`.
        summary: One line for `ns-train --help`.

    Returns:
        The method; if it cannot be configured, one whose setup raises the cause.
    """
    try:
        from gaussrep_nerfstudio.trainer_config import trainer_config

        return MethodSpecification(trainer_config(name), summary)
    except Exception as error:
        return MethodSpecification(broken_config(name, error), f"Cannot be used: {error}")


gaussrep = method(
    "gaussrep", "Gaussians of one scene, rendered by any renderer of gaussrep, also on the CPU."
)
gaussrep_features = method(
    "gaussrep-features", "The same with features distilled from an image encoder."
)
gaussrep_cross = method(
    "gaussrep-cross", "The same, initialized with the prediction of a pretrained GaussianCross."
)
