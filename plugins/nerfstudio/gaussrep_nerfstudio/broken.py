"""Placeholders for parts of this distribution that cannot be imported."""

from dataclasses import dataclass
from typing import Any

from nerfstudio.engine.trainer import TrainerConfig
from nerfstudio.pipelines.base_pipeline import VanillaPipelineConfig


class BrokenComponentError(RuntimeError):
    """A part of gaussrep-nerfstudio, or one of its requirements, cannot be imported."""


def broken(name: str, error: Exception) -> BrokenComponentError:
    """Make the error of a method or data parser that cannot be imported.

    Args:
        name: Name of the method or data parser.
        error: The cause.

    Returns:
        The error, whose message names the cause and the cure.
    """
    return BrokenComponentError(
        f"{name} cannot be used: {type(error).__name__}: {error}; `gaussrep doctor` has details; "
        "reinstalling gaussrep[nerfstudio] may help."
    )


@dataclass
class BrokenPipelineConfig(VanillaPipelineConfig):
    """A pipeline that cannot be set up."""

    reason: str = ""
    """Message of the error that `setup` raises."""

    def setup(self, **_: Any) -> Any:
        """Raise the error.

        Raises:
            BrokenComponentError: Always.
        """
        raise BrokenComponentError(self.reason)


def broken_config(name: str, error: Exception) -> TrainerConfig:
    """Configure a method whose setup raises the cause of the failed import.

    Args:
        name: Name of the method.
        error: The cause.

    Returns:
        A configuration for `ns-train`.
    """
    return TrainerConfig(
        method_name=name, pipeline=BrokenPipelineConfig(reason=str(broken(name, error)))
    )
