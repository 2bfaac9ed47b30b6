"""Table of differences between runs of one and of several processes."""

from tables.markdown import origin, read_results, table

RUNS = {
    "2": "two processes",
    "4": "four processes",
    "2, 1, 4": "two, one, four in turn",
    "1, changed": "one, initial weights changed by 1e-7",
}


def processes_table() -> str:
    """Generate the table of largest relative differences of a loss to one process's."""
    content = read_results("processes")

    def cell(columns: dict[str, float]) -> str:
        return f"{max(columns['loss'], columns['val_loss']):.1e}"

    head = ["method", *RUNS.values()]
    body = [
        [f"`{name}`", *(cell(runs[run]) for run in RUNS)]
        for name, runs in content["methods"].items()
    ]
    return table(head, body, f"{content['steps']} steps; {origin(content)}")
