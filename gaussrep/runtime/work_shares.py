"""A share of many files or scenes, for job arrays and for torchrun. Never imports torch."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from gaussrep.errors import ConfigError

__all__ = ["WorkShare"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class WorkShare:
    """Every `count`-th of some items, so that `count` processes do all of them once.

    By default it is all items. What is made of an item does not depend on the share.

    Attributes:
        number: Which share, from 1 to `count`.
        count: Number of shares.
    """

    number: int = 1
    count: int = 1

    @classmethod
    def parse(cls, text: str | None, environ: Mapping[str, str] = os.environ) -> "WorkShare":
        """Read the option `--shard`; without it, the share is that of the process in torchrun.

        Args:
            text: `2/8`, or None.
            environ: `RANK` and `WORLD_SIZE` are torchrun's.

        Returns:
            The share; all items if neither names one.

        Raises:
            ConfigError: The text is not one of `1/N` to `N/N`.
        """
        if text is None:
            return cls(int(environ.get("RANK", "0")) + 1, int(environ.get("WORLD_SIZE", "1")))
        found = re.fullmatch(r"(\d{1,9})/(\d{1,9})", text)
        if found is None or not 1 <= int(found[1]) <= int(found[2]):
            raise ConfigError(f"--shard is {text!r}; expected one of 1/N to N/N, such as 2/8")
        return cls(int(found[1]), int(found[2]))

    @property
    def is_whole(self) -> bool:
        """Whether the share is all items."""
        return self.count == 1

    def of(self, items: Sequence[T]) -> Sequence[T]:
        """Select the items of the share.

        Args:
            items: All items, in the same order in each process.

        Returns:
            Those of this share.

        Examples:
            >>> WorkShare(2, 3).of(["a", "b", "c", "d", "e"])
            ['b', 'e']
        """
        return items[self.number - 1 :: self.count]

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"
