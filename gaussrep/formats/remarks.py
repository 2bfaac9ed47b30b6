"""Remarks of a reader: impossible Gaussians that it leaves out, and content that it ignores."""

import logging
from collections.abc import Iterator, Mapping
from math import isfinite
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from gaussrep.errors import FormatError
from gaussrep.formats.storage import keep_rows

logger = logging.getLogger("gaussrep")

LEFT_OUT_FRACTION = 0.01
"""Largest fraction of impossible Gaussians that is left out; with more, the file is damaged or has
another meaning. A design choice."""


class Remarks:
    """Collects remarks on one file, and logs each of them in one line.

    Args:
        strict: Whether impossible Gaussians are an error; otherwise a few are left out.

    Attributes:
        sentences: The remarks, without the file's name and the final period.
    """

    def __init__(self, strict: bool = False) -> None:
        self.sentences: list[str] = []
        self._strict = strict
        self._total, self._left_out, self._reasons = 0, 0, dict[str, int]()

    def add(self, sentence: str) -> None:
        """Add a remark, once.

        Args:
            sentence: The remark, without the file's name and the final period.
        """
        if sentence not in self.sentences:
            self.sentences.append(sentence)

    def possible(self, fields: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Leave out impossible Gaussians: values that are NaN or infinite, zero quaternions.

        Args:
            fields: The fields of `Gaussians` of a part, [N, ...] each; overwritten.

        Returns:
            The same tensors if every Gaussian is possible; otherwise their other rows.
        """
        count = len(fields["means"])
        self._total += count
        faults = dict(_faults(fields))
        if not faults:
            return dict(fields)
        bad = torch.stack(list(faults.values())).any(0)
        self._left_out += int(bad.sum())
        for what, rows in faults.items():
            self._reasons[what] = self._reasons.get(what, 0) + int(rows.sum())
        return {name: keep_rows(tensor, ~bad) for name, tensor in fields.items()}

    def check_share(self) -> None:
        """Check, after the last part, that few Gaussians were left out.

        Raises:
            FormatError: If there are more than one in a hundred, or in strict reading any.
        """
        if self._left_out > (0 if self._strict else LEFT_OUT_FRACTION * self._total):
            found = _describe(self._left_out, self._total, self._reasons)
            raise FormatError(f"the file holds {found}.")

    def log(self, path: Path) -> None:
        """Log every remark as one warning.

        Args:
            path: The file.
        """
        if self._left_out:
            found = _describe(self._left_out, self._total, self._reasons)
            self.add(f"left out {found}; strict=True refuses such a file")
        for sentence in self.sentences:
            logger.warning("%s: %s.", path, sentence)


def _faults(fields: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    """Yield every fault that occurs, and a mask of the affected Gaussians."""
    for name, tensor in fields.items():
        if isfinite(_sum(tensor)):
            continue
        finite = tensor.isfinite()
        if not finite.all():
            yield f"{name} that are NaN or infinite", ~finite.reshape(len(finite), -1).all(1)
    scales, quats, opacities = fields["scales"], fields["quats"], fields["opacities"]
    if not (scales >= 0).all() and (rows := (scales < 0).any(-1)).any():
        yield "a negative scale", rows
    if (quats[:, 0] == 0).any() and (rows := (quats == 0).all(-1)).any():
        yield "a quaternion of length 0", rows
    rows = (opacities < 0) | ((opacities > 1) & opacities.isfinite())
    if rows.any():
        yield "an opacity outside [0, 1]", rows


def _sum(tensor: Tensor) -> float:
    """Sum values; the sum of finite ones is seldom infinite."""
    with np.errstate(over="ignore", invalid="ignore"):
        return float(np.add.reduce(tensor.numpy(), axis=None))


def _describe(bad: int, count: int, reasons: Mapping[str, int]) -> str:
    parts = ", ".join(f"{number} with {what}" for what, number in reasons.items())
    return f"{bad} impossible Gaussians of {count}: {parts}"
