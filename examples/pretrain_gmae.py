"""Pretrain a small GMAE on synthetic shapes, and write a report.

python examples/pretrain_gmae.py OUT
"""

import sys
from pathlib import Path

import gaussrep as gr
from gaussrep.evaluation import inspect_run


def main(out: Path, steps: int = 300, *overrides: str) -> None:
    """Write a run and its report to a folder."""
    settings = ["data=shapes", f"trainer.steps={steps}", *overrides]
    config = gr.train_config("gmae", "demo", overrides=settings)
    run = gr.train(config, out / "run", overwrite=True).run
    scores = gr.evaluate(run, "reconstruction", ["limit=32"])
    print({row: dict(values) for row, values in scores.rows.items()})
    print(inspect_run(run, [], run).page)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
