"""Suggestions for a run folder that is missing. Never imports torch."""

from pathlib import Path

from gaussrep.plugins.suggestions import did_you_mean, near_names


def suggest_run(missing: Path) -> str:
    """Name the runs that a missing one may mean, or the newest run, beside it or in `runs`.

    Args:
        missing: The folder that is missing.

    Returns:
        The end of a sentence, which begins with a semicolon; empty if there are no runs.
    """
    for parent in dict.fromkeys((missing.parent, Path("runs"))):
        files = [file for file in parent.glob("*/config.yaml") if file.is_file()]
        runs = [file.parent for file in sorted(files, key=lambda file: file.stat().st_mtime)]
        if near := near_names(missing.name, (run.name for run in runs)):
            return f"; {did_you_mean(str(parent / name) for name in near)}"
        if runs:
            return f"; the newest run there is {runs[-1]}, and `gaussrep runs {parent}` lists all"
    return ""
