"""Make rooms, pretrain GaussianCross on them, and evaluate its backbone.

python examples/pretrain_gaussiancross.py OUT
"""

import sys
from pathlib import Path

import gaussrep as gr
from gaussrep.evaluation import inspect_run
from gaussrep_rooms.config import RoomsConfig
from gaussrep_rooms.writing import write_rooms

EVALUATIONS = {"views": [], "semantic-probe": ["batchnorm=eval", "cached_points=2000"]}


def main(out: Path, scenes: int = 12, steps: int = 200, *overrides: str) -> None:
    """Write rooms, a run and its report to a folder."""
    write_rooms(out / "rooms", RoomsConfig(), seed=0, train=scenes, val=3)
    settings = [f"data.root={out / 'rooms'}", f"trainer.steps={steps}", *overrides]
    config = gr.train_config("gaussiancross", "demo", overrides=settings)
    run = gr.train(config, out / "run", overwrite=True).run
    for name, settings in EVALUATIONS.items():
        scores = gr.evaluate(run, name, settings)
        print(name, {row: dict(values) for row, values in scores.rows.items()})
    print(inspect_run(run, [], run).page)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
