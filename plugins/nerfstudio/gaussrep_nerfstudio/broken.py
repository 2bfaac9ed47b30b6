"""What stands in for a part of this distribution that cannot be imported."""

from dataclasses import dataclass
from typing import Any

from nerfstudio.engine.trainer import TrainerConfig
from nerfstudio.pipelines.base_pipeline import VanillaPipelineConfig


class BrokenComponentError(RuntimeError):
    """A part of gaussrep-nerfstudio, or what it needs, cannot be imported."""


def broken(name: str, error: Exception) -> BrokenComponentError:
    """Say in one sentence what cannot be used.

    Args:
        name: Of the method or data parser.
        error: Why.
    """
    return BrokenComponentError(
        f"{name} cannot be used: {type(error).__name__}: {error}; `gaussrep doctor` says more, and "
        "reinstalling gaussrep[nerfstudio] may help."
    )


@dataclass
class BrokenPipelineConfig(VanillaPipelineConfig):
    """A pipeline that cannot be set up."""

    reason: str = ""
    """Why not."""

    def setup(self, **_: Any) -> Any:
        """Say why not.

        Raises:
            BrokenComponentError: Always.
        """
        raise BrokenComponentError(self.reason)


def broken_config(name: str, error: Exception) -> TrainerConfig:
    """Configure a method that says, when it is used, why it cannot be.

    Args:
        name: Of the method.
        error: Why.
    """
    return TrainerConfig(
        method_name=name, pipeline=BrokenPipelineConfig(reason=str(broken(name, error)))
    )
