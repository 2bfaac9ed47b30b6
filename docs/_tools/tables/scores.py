"""Scores of evaluations: `{"rows": {row: {column: number or one number per seed}}, "facts": …}`."""

from collections.abc import Mapping
from typing import Any

from gaussrep.config import Config
from gaussrep.evaluation.fine_tuning.config import FineTuneConfig
from gaussrep.training.config import TrainerConfig
from tables.differences import differences_table
from tables.markdown import ABSENT, mean_and_deviation, read_results, table

TITLES = {
    "knn": "kNN",
    "linear-probe": "linear probe",
    "fine-tune": "fine-tuning",
    "psnr": "PSNR, dB",
    "probe": "linear probe",
    "multi-scale probe": "linear probe, all resolutions",
    "depth_error": "error of depth, m",
    "kept_fraction": "fraction kept",
    "ods": "ODS",
    "ois": "OIS",
    "ap": "AP",
    "iou": "IoU",
    "std": "spread over images",
    "accuracy": "all pairs",
    "object_background": "object and background",
    "object_object": "two objects",
    "across_contour": "two objects across a contour",
}
"""Titles of columns; other columns keep their names."""


def cifar10_table() -> str:
    """Generate the table of means and standard deviations over seeds, percent and dB."""
    return scores_table(read_results("cifar10"), "method", decimals=1, percent=True)


CIFAR10_PAIRS = (
    ("GMAE", "MAE"),
    ("GMAE", "MAE, normalized target"),
    ("GMAE", "random encoder"),
    ("MAE", "random encoder"),
)
CIFAR10_MARGIN = 0.015
"""Largest difference of accuracies that counts as equal (benchmarks/cifar10.py)."""


def cifar10_differences_table() -> str:
    """Generate the table of differences between methods, in points and dB."""
    return differences_table(
        read_results("cifar10"),
        CIFAR10_PAIRS,
        TITLES,
        decimals=1,
        percent=True,
        margin=CIFAR10_MARGIN,
    )


def edges_table() -> str:
    """Generate the table of boundary scores on BSDS500, in [0, 1]."""
    return scores_table(_edges(), "edges from", decimals=3, percent=False)


EDGES_PAIRS = (
    ("gmae", "canny"),
    ("gmae", "gradient of the reconstruction"),
    ("gmae", "gradient of the image"),
)


def edges_differences_table() -> str:
    """Generate the table of differences between edges, in [0, 1]."""
    return differences_table(_edges(), EDGES_PAIRS, TITLES, decimals=3, percent=False)


def _edges() -> dict[str, Any]:
    content = read_results("edges")
    older = {"gradient of the photograph": "gradient of the image"}
    rows = {older.get(row, row): scores for row, scores in content["rows"].items()}
    return {**content, "rows": rows}


def figure_ground_table() -> str:
    """Generate the table of the IoU of figure masks, in [0, 1]."""
    return _without_and_with_prior("figure-ground", "IoU", "iou")


FIGURE_PAIRS = (
    ("gmae", "pixel colors"),
    ("gmae", "center disc"),
    ("depth, better side (oracle)", "center disc"),
    ("depth, border rule, border prior", "center disc"),
    ("depth, border rule, border prior", "pixel colors"),
)


def figure_ground_differences_table() -> str:
    """Generate the table of differences between figure masks, in [0, 1]."""
    plain, guided = read_results("figure-ground"), read_results("figure-ground-prior")
    rows = {row: {"iou": scores["iou"]} for row, scores in plain["rows"].items()}
    rows |= {
        f"{row}, border prior": {"iou": scores["iou"]} for row, scores in guided["rows"].items()
    }
    return differences_table({"rows": rows}, FIGURE_PAIRS, TITLES, decimals=3, percent=False)


WITH_PRIOR = "gmae, border prior"
"""Row of the model that was trained with the border prior."""
STRONGEST = (
    "center nearer",
    "border assumption, blurred, plus training mean",
    "perfect figure mask",
)
"""Baselines from which the model with the border prior is subtracted."""


def depth_order_table() -> str:
    """Generate the table of the fraction of pixel pairs in correct depth order, by their kind."""
    content = _depth_order()
    return scores_table(content, "pairs ordered correctly", decimals=3, percent=False)


def depth_order_differences_table() -> str:
    """Generate the table of differences between models and baselines, by kinds of pairs."""
    pairs = [("gmae", "chance"), *((WITH_PRIOR, row) for row in STRONGEST)]
    return differences_table(_depth_order(), pairs, TITLES, decimals=3, percent=False)


VIEWS_MODELS = ("two views", "one view", "border prior", "true depth")
"""Rows of models, which precede those of baselines."""
VIEWS_PAIRS = (
    ("two views", "one view"),
    ("two views", "center nearer"),
    ("two views", "border prior"),
    ("true depth", "two views"),
)


def depth_views_table() -> str:
    """Generate the table of pixel pairs in correct order, by what the models were trained on."""
    content = read_results("depth-views")
    rows = {name: content["rows"][name] for name in VIEWS_MODELS} | content["rows"]
    return scores_table(
        {**content, "rows": rows}, "pairs ordered correctly", decimals=3, percent=False
    )


def depth_views_differences_table() -> str:
    """Generate the table of differences between models that were trained on other data."""
    content = read_results("depth-views")
    return differences_table(content, VIEWS_PAIRS, TITLES, decimals=3, percent=False)


def _depth_order() -> dict[str, Any]:
    plain, guided = read_results("depth-order"), read_results("depth-order-prior")
    own, *baselines = plain["rows"].items()
    rows = dict([own, (WITH_PRIOR, guided["rows"]["gmae"]), *baselines])
    return {"rows": rows, "facts": plain["facts"]}


def _without_and_with_prior(name: str, first: str, score: str) -> str:
    plain, guided = read_results(name), read_results(f"{name}-prior")
    rows = {
        row: {"plain": scores[score], "with the border prior": guided["rows"][row][score]}
        for row, scores in plain["rows"].items()
    }
    content = {"rows": rows, "facts": plain["facts"]}
    return scores_table(content, first, decimals=3, percent=False)


def rooms_table() -> str:
    """Generate the table of linear probes on rooms, mIoU in percent."""
    return scores_table(read_results("rooms"), "mIoU", decimals=1, percent=True)


def rooms_differences_table() -> str:
    """Generate the table of differences between GaussianCross and features nobody learned."""
    content = read_results("rooms")
    own, *baselines = content["rows"]
    pairs = [(own, baseline) for baseline in baselines]
    return differences_table(content, pairs, TITLES, decimals=1, percent=True)


def fine_tuning_table() -> str:
    """Generate the table of fine-tuning on rooms, in percent."""
    return scores_table(read_results("rooms-fine-tuning"), "mIoU", decimals=1, percent=True)


def fine_tuning_differences_table() -> str:
    """Generate the table of differences between fine-tuning and training from scratch."""
    content = read_results("rooms-fine-tuning")
    pairs = [tuple(content["rows"])]
    return differences_table(content, pairs, TITLES, decimals=1, percent=True)


def ablations_table() -> str:
    """Generate the table of linear probes of GaussianCross variants, mIoU in percent."""
    return scores_table(read_results("rooms-ablations"), "mIoU", decimals=1, percent=True)


def room_table() -> str:
    """Generate the table of held-out views of a real room."""
    found = read_results("room")
    shown = {name: found["facts"][name] for name in ("held-out views", "seeds")}
    content = {"rows": found["rows"], "facts": shown}
    return scores_table(content, "views from", decimals=2, percent=False)


def scores_table(content: Mapping[str, Any], first: str, *, decimals: int, percent: bool) -> str:
    """Format a table of scores.

    Args:
        content: Content of the JSON file; `facts` go to the caption.
        first: Title of the column that names the rows.
        decimals: Digits after the decimal point; PSNR has two.
        percent: Whether all but PSNR are shown in percent.

    Returns:
        Markdown; a list of numbers is shown as its mean and sample standard deviation.
    """
    rows = content["rows"]
    columns = list(dict.fromkeys(column for scores in rows.values() for column in scores))

    def cell(scores: Mapping[str, Any], column: str) -> str:
        if column == "psnr":
            return _number(scores.get(column), 1, 2)
        return _number(scores.get(column), 100 if percent else 1, decimals)

    head = [first, *(TITLES.get(column, column) for column in columns)]
    body = [[row, *(cell(scores, column) for column in columns)] for row, scores in rows.items()]
    return table(head, body, _caption(content["facts"], percent))


def _number(value: float | list[float] | None, factor: float, decimals: int) -> str:
    if value is None:
        return ABSENT
    values = [factor * one for one in (value if isinstance(value, list) else [value])]
    return mean_and_deviation(values, decimals)


def _caption(facts: Mapping[str, Any], percent: bool) -> str:
    """Format the facts that are scalars or lists of scalars."""
    unit = ["percent"] if percent else []
    texts = [
        f"{name}: {_format_fact(fact)}"
        for name, fact in facts.items()
        if not isinstance(fact, dict)
    ]
    return "; ".join([*unit, *texts])


def _format_fact(fact: Any) -> str:
    if isinstance(fact, list):
        return ", ".join(_with_new_key(str(setting)) for setting in fact)
    return str(fact)


def _with_new_key(setting: str) -> str:
    """Replace a key that was renamed after the measurement, in `key=value`."""
    key, equals, value = setting.partition("=")
    group, _, name = key.rpartition(".")
    renamed = {"trainer": TrainerConfig, "": FineTuneConfig}.get(group, Config).all_renamed_keys()
    if not equals or name not in renamed:
        return setting
    return f"{group}{'.' if group else ''}{renamed[name]}={value}"
