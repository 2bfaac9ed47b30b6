"""Make rooms, pretrain GaussianCross on them, and probe what its backbone learned.

python examples/pretrain_gaussiancross.py OUT
"""

import sys
from pathlib import Path

from gaussrep.evaluation.evaluate import evaluate_run
from gaussrep.evaluation.inspection import inspect_run
from gaussrep.training.config import train_config
from gaussrep.training.trainer import train
from gaussrep_rooms.config import RoomsConfig
from gaussrep_rooms.writing import write_rooms

EVALUATIONS = {"views": [], "semantic-probe": ["batchnorm=eval", "cached_points=2000"]}


def main(out: Path, scenes: int = 12, steps: int = 200, *overrides: str) -> None:
    """Leave rooms, the run and its report in a folder."""
    write_rooms(out / "rooms", RoomsConfig(), seed=0, train=scenes, val=3)
    settings = [f"data.root={out / 'rooms'}", f"trainer.steps={steps}", *overrides]
    run = train(
        train_config("gaussiancross", "demo", [], settings), out / "run", overwrite=True
    ).run
    for name, settings in EVALUATIONS.items():
        scores = evaluate_run(run, name, settings)
        print(name, {row: dict(values) for row, values in scores.rows.items()})
    print(inspect_run(run, [], run).page)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
