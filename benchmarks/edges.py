"""Score Sobel, Canny and people on BSDS500, and write JSON.

python benchmarks/edges.py ROOT [--out FILE] [--images N] [--processes N]
"""

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from gaussrep.data.bsds500 import BSDS500
from gaussrep.data.config import BSDS500Config
from gaussrep.errors import GaussrepError
from gaussrep.runtime.atomic_files import write_json
from gaussrep_gmae.boundaries import BoundaryScores, canny, score_boundaries, sobel
from gaussrep_gmae.boundaries.detectors import CANNY_SIGMA
from gaussrep_gmae.boundaries.scores import THRESHOLDS, TOLERANCE
from harness.report import describe_origin

OUT = Path(__file__).parent / "results" / "edges-baselines.json"
SIGMAS = (1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0)
TUNED_ON_EVERY = 4
DEFINITIONS = {
    "sobel": "unsmoothed, thinned to its crests",
    "canny": f"sigma {CANNY_SIGMA} pixels, low threshold 0.4 of the high one, which is swept",
    "humans": "each annotator against the others of the image, counts summed over annotators; "
    "as these maps are binary there is one threshold",
    "tuning": f"canny by sigma on every {TUNED_ON_EVERY}th image of train",
    "seconds": "processor time of this process: detecting and scoring, reading left out",
}

Images = list[np.ndarray]
Detector = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Split:
    """Photographs [3, H, W] and the maps of their annotators [A, H, W]."""

    images: Images
    annotations: Images


def read(root: Path, split: Any, limit: int | None) -> Split:
    data = BSDS500(BSDS500Config(root=root), split)
    samples = [data[i] for i in range(len(data))][:limit]
    return Split(*([each[name].numpy() for each in samples] for name in ("image", "boundaries")))


def detect(data: Split, detector: Detector, processes: int) -> dict[str, float]:
    start = time.process_time()
    strengths = [detector(image) for image in data.images]
    scores = score_boundaries(strengths, data.annotations, processes=processes)
    return summary(scores, start) | {"ois": scores.ois, "ap": scores.ap}


def agree(data: Split, processes: int) -> dict[str, float]:
    start = time.process_time()
    several = [maps for maps in data.annotations if len(maps) > 1]
    ones = [one.astype(np.float32) for maps in several for one in maps]
    others = [np.delete(maps, i, axis=0) for maps in several for i in range(len(maps))]
    return summary(score_boundaries(ones, others, thresholds=1, processes=processes), start)


def summary(scores: BoundaryScores, start: float) -> dict[str, float]:
    return {
        "ods": scores.ods,
        "precision": scores.ods_precision,
        "recall": scores.ods_recall,
        "threshold": scores.ods_threshold,
        "seconds": time.process_time() - start,
    }


def run(root: Path, out: Path, limit: int | None, processes: int) -> None:
    content = describe_origin(["benchmarks/edges.py", "BSDS500"])
    content["definitions"] = DEFINITIONS
    content["settings"] = {"thresholds": THRESHOLDS, "tolerance": TOLERANCE}
    content["splits"] = {}
    for name in ("val", "train"):
        data = read(root, name, limit)
        rows: dict[str, Any] = {}
        content["splits"][name] = {"images": len(data.images), "rows": rows}
        for row, detector in (("sobel", sobel), ("canny", canny)):
            rows[row] = detect(data, detector, processes)
            report(name, row, rows[row], content, out)
        rows["humans"] = agree(data, processes)
        report(name, "humans", rows["humans"], content, out)
    few = Split(data.images[::TUNED_ON_EVERY], data.annotations[::TUNED_ON_EVERY])
    content["tuning"] = {"images": len(few.images), "rows": {}}
    for sigma in SIGMAS:
        found = detect(few, partial(canny, sigma=sigma), processes)
        content["tuning"]["rows"][str(sigma)] = found
        report("tuning", str(sigma), found, content, out)


def report(
    split: str, row: str, found: dict[str, float], content: dict[str, Any], out: Path
) -> None:
    print(split, row, {key: round(value, 3) for key, value in found.items()}, flush=True)
    write_json(content, out)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Score Sobel, Canny and people on BSDS500.")
    parser.add_argument("root", type=Path)
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--images", type=int, help="of each split, for a trial")
    parser.add_argument("--processes", type=int, default=1)
    given = parser.parse_args()
    try:
        run(given.root, given.out, given.images, given.processes)
    except GaussrepError as error:
        sys.exit(f"error: {error}")
