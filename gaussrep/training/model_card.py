"""Model cards: what a published run is, what it was trained on, and how it scores. No torch."""

import json
from collections.abc import Iterator, Mapping
from math import prod
from pathlib import Path
from typing import Any

import yaml

from gaussrep.config.yaml_text import read_yaml
from gaussrep.runtime.plain_files import read_json
from gaussrep.training.data_places import flat_settings
from gaussrep.training.run_folder import RunFolder

SUMMARY_KEYS = ("seed", "trainer.steps", "trainer.batch_size", "trainer.precision")


def model_card(
    run: RunFolder, settings: Mapping[str, Any], reference: str, license_name: str, notes: str
) -> str:
    """Describe a run for those who may use it.

    Args:
        run: The run, with its scores.
        settings: Its resolved configuration, without names of folders.
        reference: Argument with which `gaussrep.load_run` loads it.
        license_name: License of the weights, as on the Hub; empty to leave it out.
        notes: Markdown with what the configuration does not state: license and origin of the data,
            known failures.

    Returns:
        Markdown with the metadata that the Hub reads.
    """
    method, data = settings["method"]["type"], settings["data"]["type"]
    metadata = {
        "library_name": "gaussrep",
        **({"license": license_name} if license_name else {}),
        "tags": ["gaussian-splatting", "self-supervised-learning", method],
    }
    return (
        "\n\n".join(
            [
                f"---\n{yaml.safe_dump(metadata, sort_keys=False)}---",
                f"# {reference.rpartition(':')[2]}",
                f"A `{method}` trained on `{data}` with "
                "[gaussrep](https://github.com/gaussrep/gaussrep).",
                f'```python\nimport gaussrep as gr\n\nmethod = gr.load_run("{reference}")\n```',
                *([notes.strip()] if notes.strip() else []),
                "## Training",
                _table(("setting", "value"), _facts(run, settings)),
                *_scores(run),
                "All settings are in `config.yaml`.",
            ]
        )
        + "\n"
    )


def _facts(run: RunFolder, settings: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    flat = dict(flat_settings(settings))
    yield "stored numbers", f"{_stored_numbers(run.weights_file):,}"
    for key in dict.fromkeys((*SUMMARY_KEYS, *_chosen_keys(run))):
        if flat.get(key) is not None:
            yield f"`{key}`", _cell(flat[key])
    versions = read_json(run.path / "versions.json")
    packages = {**versions["packages"], **versions["plugins"]}
    yield "versions", ", ".join(f"{name} {version}" for name, version in packages.items())


def _chosen_keys(run: RunFolder) -> list[str]:
    """List the settings that the user gave, on the command line or in Python, by dotted keys."""
    file = run.path / "user_config.yaml"
    given = read_yaml(file) if file.is_file() else {}
    if "overrides" not in given:
        return list(dict(flat_settings(given)))
    overrides = [each.partition("=")[0] for each in given["overrides"]]
    return [*dict(flat_settings(given.get("config") or {})), *overrides]


def _stored_numbers(weights: Path) -> int:
    """Count parameters and buffers in a safetensors file by its header."""
    with weights.open("rb") as stream:
        header = json.loads(stream.read(int.from_bytes(stream.read(8), "little")))
    return sum(prod(each["shape"]) for name, each in header.items() if name != "__metadata__")


def _scores(run: RunFolder) -> Iterator[str]:
    for file in sorted((run.results / "evaluations").glob("*.json")):
        record = read_json(file)
        rows = record["scores"]
        columns = list(dict.fromkeys(column for values in rows.values() for column in values))
        cells = [
            (row, *(_number(values.get(column)) for column in columns))
            for row, values in rows.items()
        ]
        yield f"## {file.stem}"
        yield _table(("", *columns), cells)
        facts = {
            name: fact for name, fact in record["facts"].items() if isinstance(fact, int | str)
        }
        yield f"One run. {_cell(facts)}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def _cell(value: Any) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {_cell(each)}" for name, each in value.items())
    if isinstance(value, list):
        return f"[{', '.join(map(_cell, value))}]"
    return str(value).replace("|", "\\|")


def _table(header: tuple[str, ...], rows: Any) -> str:
    lines = [header, ("---",) * len(header), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def portable_settings(run: RunFolder) -> dict[str, Any]:
    """Read the settings of a run with names in place of the folders of its machine.

    Args:
        run: Any run.

    Returns:
        Plain data; every absolute path is its last part.
    """
    return _without_folders(read_yaml(run.config_file))


def _without_folders(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_folders(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_without_folders(each) for each in value]
    return Path(value).name if isinstance(value, str) and Path(value).is_absolute() else value
