"""Pretrain a small GMAE on synthetic shapes, and look at what it learned.

python examples/pretrain_gmae.py OUT
"""

import sys
from pathlib import Path

from gaussrep.evaluation.evaluate import evaluate_run
from gaussrep.evaluation.inspection import inspect_run
from gaussrep.training.config import train_config
from gaussrep.training.trainer import train


def main(out: Path, steps: int = 300, *overrides: str) -> None:
    """Leave the run and its report in a folder."""
    settings = ["data=shapes", f"trainer.steps={steps}", *overrides]
    run = train(train_config("gmae", "demo", [], settings), out / "run", overwrite=True).run
    scores = evaluate_run(run, "reconstruction", ["limit=32"])
    print({row: dict(values) for row, values in scores.rows.items()})
    print(inspect_run(run, [], run).page)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
