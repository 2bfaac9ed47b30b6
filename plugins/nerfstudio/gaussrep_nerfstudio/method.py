"""One method as nerfstudio wants it, whatever is wrong with it."""

from nerfstudio.plugins.types import MethodSpecification

from gaussrep_nerfstudio.broken import broken_config


def method(name: str, summary: str) -> MethodSpecification:
    """Describe a method.

    nerfstudio loads entry points without a guard: an exception here would end every `ns-*` command.

    Args:
        name: What `ns-train` calls it.
        summary: One line for `ns-train --help`.

    Returns:
        The method; where it cannot be configured, one whose setup says why.
    """
    try:
        from gaussrep_nerfstudio.trainer_config import trainer_config

        return MethodSpecification(trainer_config(name), summary)
    except Exception as error:
        return MethodSpecification(broken_config(name, error), f"Cannot be used: {error}")
