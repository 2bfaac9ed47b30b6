"""Table of training beside other programs: steps per second of two releases and of one thread."""

from tables.markdown import origin, read_results, table

CONDITIONS = {"quiet": "quiet", "busy": "one spinning process per core"}
NAMES = {
    "gmae": "`train gmae --preset demo`",
    "fit": "`fit synthetic:balls`",
    "gaussiancross": "`train gaussiancross --preset demo`",
}


def busy_table() -> str:
    """Generate the table of medians and ranges over the turns."""
    content = read_results("busy")
    rows = []
    for workload, result in content["results"].items():
        for condition, title in CONDITIONS.items():
            speeds = {
                build: [turn[build][condition]["steps_per_second"] for turn in result["turns"]]
                for build in ("old", "new", "one")
            }
            medians = result["medians"][condition]
            cells = [
                f"{medians[build]:.1f} ({min(speeds[build]):.1f}–{max(speeds[build]):.1f})"
                for build in ("old", "new", "one")
            ]
            ratios = [f"{medians['new/old']:.2f}", f"{medians['new/one']:.2f}"]
            rows.append([NAMES[workload], title, *cells, *ratios])
    before, after = content["before"][:7], content["machine"]["commit"][:7]
    head = ["command", "machine", f"{before}, which spins", f"{after}, adaptive"]
    head += [f"{after}, one thread", "adaptive / spins", "adaptive / one thread"]
    turns = {len(result["turns"]) for result in content["results"].values()}
    caption = (
        f"Optimizer steps per second: medians of {min(turns)} turns (range), medians of the "
        f"ratios within a turn. {origin(content)}; `python benchmarks/busy.py`"
    )
    return table(head, rows, caption)
