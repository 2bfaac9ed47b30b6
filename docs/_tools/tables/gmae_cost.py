"""Table of the training cost of GMAE and MAE, from `gmae-cost.json`."""

from typing import Any

from tables.markdown import ABSENT, origin, read_results, table

HEAD = (
    "method", "queries", "step, ms", "step, of MAE's", "images/s", "rendering, ms",
    "rendering, of the step", "at the largest scales", "peak MB",
)  # fmt: skip


def gmae_cost_table() -> str:
    """Generate the table: time and memory of a training step, and the fraction of rendering."""
    run = read_results("gmae-cost")
    return table(HEAD, [_cells_of(result) for result in run["results"]], _caption(run))


def _cells_of(result: dict[str, Any]) -> list[str]:
    head = [result["method"].upper(), str(result["queries"] or ABSENT)]
    if "skipped" in result:
        return [*head, *[ABSENT] * (len(HEAD) - 2)]
    has_rendering = "render" in result
    return [
        *head,
        f"{result['step']['median_ms']:,.0f}",
        f"{result['step_over_mae']:.2f}" if "step_over_mae" in result else "1",
        f"{result['images_per_second']:.1f}",
        f"{result['render']['median_ms']:,.1f}" if has_rendering else ABSENT,
        f"{result['render_share']:.2%}" if has_rendering else ABSENT,
        f"{result['render_at_limit_share']:.2%}" if has_rendering else ABSENT,
        f"{result['peak_mb']:,.0f}",
    ]


def _caption(run: dict[str, Any]) -> str:
    chosen, model = run["settings"], run["settings"]["model"]
    encoder, decoder = (
        "{width}×{depth}×{heads}".format(**model[part]) for part in ("encoder", "decoder")
    )
    what = (
        f"{model['image_size']} pixels, patches of {model['patch_size']}, encoder {encoder} and "
        f"decoder {decoder} (width×depth×heads), batch {chosen['batch']}, {chosen['precision']}"
    )
    threads = {result["threads"] for result in run["results"] if "threads" in result}
    where = f", {max(threads)} threads" if threads and chosen["device"] == "cpu" else ""
    return f"Medians; {what}. {origin(run, chosen['device'])}{where}; `{' '.join(run['command'])}`"
