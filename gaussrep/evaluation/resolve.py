"""The settings of one evaluation of one run. Never imports torch."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gaussrep import plugins
from gaussrep.config import ComponentConfig, load_config
from gaussrep.config.components import config_class, type_of
from gaussrep.config.guidance import Guidance
from gaussrep.config.merge import merge
from gaussrep.config.presets import preset as read_preset
from gaussrep.errors import PluginError
from gaussrep.evaluation.config import EvaluationConfig, LabeledConfig
from gaussrep.training.data_places import require_named_data
from gaussrep.training.run_folder import RunFolder

AUTO = ("auto", {"type": "auto"}, ComponentConfig(type="auto"))
"""Values of `data` that mean the data set of the run."""


def resolve_evaluation_config(
    name: str,
    run_data: ComponentConfig,
    given: Mapping[str, Any] | None = None,
    overrides: Sequence[str] = (),
    preset: str | None = None,
) -> EvaluationConfig:
    """Resolve the settings of an evaluation.

    If it evaluates on the type of data set that the run was trained on, which is what `auto` means,
    the run's settings of that data set come first; for any other data set that has a `size`, only
    the size of the run's images does. The settings of the preset come next.

    Args:
        name: The evaluation, short or qualified.
        run_data: The data set that the run was trained on.
        given: Settings to start from.
        overrides: `dotted.key=value`, on top of all.
        preset: Name of a preset of the evaluation.

    Returns:
        The settings; `data` is resolved, never `auto`.

    Raises:
        PluginError: The evaluation is unknown, ambiguous, unavailable or broken.
        ConfigError: A setting is wrong, or there is no such preset.

    Examples:
        >>> from gaussrep.data.config import ImagesConfig
        >>> data = ImagesConfig(root="photos", image_size=96)
        >>> resolve_evaluation_config("knn", data).data.image_size
        96
    """
    model = _model(name)
    data = {**run_data.model_dump(), "type": type_of("datasets", run_data)}
    default = model.model_fields["data"].get_default(call_default_factory=True)
    named = {} if preset is None else read_preset(plugins.find("evaluations", name), preset)
    named_data = named.pop("data", {})
    given = {**named, **(given or {}), "type": name}
    below = {}
    if given.get("data", default) in AUTO or "data=auto" in overrides:
        overrides = [override for override in overrides if override != "data=auto"]
        below, given["data"] = {"data": data}, {}
    guidance = Guidance(f"gaussrep settings evaluations/{name}", own_data=_own_data(model, data))
    chosen = load_config(model, merge(model, [below, given]), (), overrides, guidance).data
    layers = [{"data": _below(chosen, data)}, {"data": named_data}, given]
    return load_config(model, merge(model, layers), (), overrides, guidance)


def _own_data(model: type[EvaluationConfig], run_data: Mapping[str, Any]) -> str:
    """Name the settings for a folder of the user's; empty for a run on anything but images."""
    if plugins.find("datasets", run_data["type"]).record.modality != "image":
        return ""
    kind = "folders" if issubclass(model, LabeledConfig) else "images"
    return f"data.type={kind} data.root={{root}}"


def _model(name: str) -> type[EvaluationConfig]:
    model = config_class("evaluations", name)
    if not issubclass(model, EvaluationConfig):
        found = plugins.find("evaluations", name)
        raise PluginError(
            f"{found} is broken: its config should be a subclass of "
            f"gaussrep.evaluation.config.EvaluationConfig, got {model.__name__}."
        )
    return model


def _below(chosen: ComponentConfig, run_data: Mapping[str, Any]) -> Mapping[str, Any]:
    """Select the settings of the run's data set that apply to the chosen one."""
    same = plugins.find("datasets", chosen.type) == plugins.find("datasets", run_data["type"])
    if same:
        return run_data
    field = type(chosen).model_fields.get("image_size")
    size = run_data.get("image_size")
    squares = field is not None and field.annotation is int and isinstance(size, int)
    return {"type": chosen.type} | ({"image_size": size} if squares else {})


def evaluation_config_of_run(
    run: RunFolder,
    name: str,
    overrides: Sequence[str] = (),
    weights: str | None = None,
    preset: str | None = None,
) -> EvaluationConfig:
    """Resolve the settings of an evaluation of a run.

    An evaluation with a setting `folder` gets one inside the run's folder.

    Args:
        run: The run.
        name: The evaluation, short or qualified.
        overrides: `dotted.key=value`.
        weights: Name of further weights of the run, such as `ema`.
        preset: Name of a preset of the evaluation.

    Returns:
        The settings.

    Raises:
        PluginError: The evaluation is unknown, ambiguous, unavailable or broken.
        ConfigError: A setting is wrong, or there is no such preset.
        RunError: The run's data set is no longer there, or a stranger's run names it.
    """
    keeps_files = "folder" in config_class("evaluations", name).model_fields
    given = {"folder": scores_file(run, name, weights).with_suffix("")} if keeps_files else {}
    config = resolve_evaluation_config(name, run.read_config().data, given, overrides, preset)
    require_named_data(run, config.data, overrides)
    return config


def scores_file(run: RunFolder, name: str, weights: str | None = None) -> Path:
    """Return the file with the scores of an evaluation.

    Args:
        run: The run.
        name: The evaluation, short or qualified.
        weights: Name of further weights of the run, such as `ema`.

    Returns:
        A JSON file, which need not exist.
    """
    stem = name.replace(":", "-") + ("" if weights is None else f"-{weights}")
    return run.results / "evaluations" / f"{stem}.json"
