"""Actions of `gaussrep edit` on the parts of a scene. Never imports torch."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import typer

from gaussrep.cli.actions import Action
from gaussrep.errors import ConfigError

if TYPE_CHECKING:
    from torch import Tensor

    from gaussrep.gaussians import Gaussians


@dataclass
class Tally:
    """One action, and the numbers of Gaussians before and after it.

    Args:
        action: The action.
    """

    action: Action
    before: int = field(default=0, init=False)
    after: int = field(default=0, init=False)
    bounds: "tuple[Tensor, Tensor] | None" = field(default=None, init=False)

    def apply(self, part: "Gaussians") -> "Gaussians":
        """Do the action on a part of a scene.

        Args:
            part: The part.

        Returns:
            What is left of it.
        """
        assert self.action.edit is not None
        edited = self.action.edit(part)
        self.before += part.count
        self.after += edited.count
        if part.count and not self.after:
            low, high = part.means.amin(0), part.means.amax(0)
            if self.bounds is not None:
                low, high = low.minimum(self.bounds[0]), high.maximum(self.bounds[1])
            self.bounds = low, high
        return edited

    def check(self) -> None:
        """Check that some Gaussians are left.

        Raises:
            ConfigError: If there are none of some.
        """
        if self.before and not self.after and self.bounds is not None:
            low, high = (
                ",".join(f"{value:.4g}" for value in corner.tolist()) for corner in self.bounds
            )
            raise ConfigError(
                f"{self.action.text} leaves none of {self.before} Gaussians, whose centers are "
                f"between {low} and {high}."
            )


class Chain:
    """Actions that are done one after another.

    Args:
        actions: The actions, none of them `merge`.
    """

    def __init__(self, actions: Sequence[Action]) -> None:
        self._tallies = [Tally(action) for action in actions]

    def apply(self, part: "Gaussians") -> "Gaussians":
        """Do all actions on a part of a scene.

        Args:
            part: The part.

        Returns:
            What is left of it.
        """
        for tally in self._tallies:
            part = tally.apply(part)
        return part

    def check(self) -> None:
        """Check after the last part that every action left some Gaussians.

        Raises:
            ConfigError: If one did not.
        """
        for tally in self._tallies:
            tally.check()

    def print(self) -> None:
        """Print the numbers of Gaussians of the actions that changed them."""
        for tally in self._tallies:
            if tally.before != tally.after:
                typer.echo(f"{tally.action.text}: {tally.before} to {tally.after} Gaussians")
