"""`gaussrep settings`: list the settings of a command or a component."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from gaussrep import plugins
from gaussrep.cli.listing import Entry, print_entries, print_names, print_text
from gaussrep.config import Config
from gaussrep.config.components import config_class
from gaussrep.config.describe import REQUIRED, Setting, describe_settings
from gaussrep.config.presets import preset, preset_summaries
from gaussrep.config.synonyms import near_keys
from gaussrep.errors import ConfigError
from gaussrep.plugins.companions import missing_companion
from gaussrep.plugins.suggestions import did_you_mean, suggest

HEADERS = ("setting", "default", "takes", "meaning")


def settings(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME]",
            help="Method, fit, any other component such as images or strategies/mcmc, or a kind "
            "of component such as datasets; everything that can be named if omitted.",
        ),
    ] = None,
    prefix: Annotated[
        str | None,
        typer.Argument(
            metavar="[PREFIX]",
            help="Only settings below or beginning with it, such as trainer or trainer.lr.",
        ),
    ] = None,
    preset: Annotated[
        str | None, typer.Option(help="Show the values of this preset of a method.")
    ] = None,
    presets: Annotated[
        bool, typer.Option("--presets", help="List the presets of a method or an evaluation.")
    ] = False,
) -> None:
    """List settings with type, range, default and meaning."""
    if name is None:
        _print_everything()
    elif name in plugins.KINDS:
        _print_kind(name)
    elif presets:
        print_presets(_find_with_presets(name))
    else:
        print_settings(find_subject(name), prefix or "", preset)


@dataclass(frozen=True, slots=True)
class Subject:
    """A command or a component that has settings.

    Args:
        title: Line above the list.
        model: Class of the settings.
        command: How the settings are given.
        method: The method that `gaussrep train` trains with them; None for others.
    """

    title: str
    model: type[Config]
    command: str
    method: plugins.Component | None = None

    def describe(self, chosen: str | None = None) -> Iterator[Setting]:
        """Describe the settings.

        Args:
            chosen: Name of a preset whose values replace the defaults.

        Returns:
            The settings.

        Raises:
            ConfigError: There is no such preset.
        """
        given: dict[str, Any] = {}
        if chosen is not None:
            if self.method is None:
                raise ConfigError(
                    f"--preset is {chosen!r}, but only presets of methods can be shown; give a "
                    "method"
                )
            given = preset(self.method, chosen)
        if self.method is not None:
            given = {**given, "method": {**given.get("method", {}), "type": self.method.name}}
        return describe_settings(self.model, given, with_components=True)


def find_subject(name: str) -> Subject:
    """Find what a name on the command line means.

    Args:
        name: `fit`, a method, `KIND/NAME`, or the name of one component of any kind.

    Returns:
        What has the settings.

    Raises:
        ConfigError: Nothing, or more than one component, has this name.
        PluginError: The component is unknown, ambiguous or broken.
    """
    kind, slash, short = name.partition("/")
    if slash:
        return _of_component(plugins.find(kind, short))
    if name == "fit":
        from gaussrep.fitting.config import FitConfig

        return Subject("gaussrep fit", FitConfig, "gaussrep fit DATA KEY=VALUE …")
    named = [c for c in plugins.list() if name in (c.name, c.qualified) and c.kind != "commands"]
    if methods := [c for c in named if c.kind == "methods"]:
        return _of_training(plugins.find("methods", name) if len(methods) > 1 else methods[0])
    if len({c.kind for c in named}) == 1:
        return _of_component(plugins.find(named[0].kind, name))
    if named:
        choices = " or ".join(f"{c.kind}/{c.name}" for c in named)
        raise ConfigError(f"{name!r} names several components; write {choices}")
    if advice := missing_companion(None, name):
        raise ConfigError(f"Nothing with settings is called {name!r} here; {advice}.")
    known = ["fit", *plugins.KINDS, *(c.name for c in plugins.list() if c.kind != "commands")]
    hint = suggest(name, known, "gaussrep settings")
    raise ConfigError(f"Nothing with settings is called {name!r}; {hint}")


def print_settings(subject: Subject, prefix: str = "", chosen: str | None = None) -> None:
    """Print the settings of a command or a component.

    Args:
        subject: What has the settings.
        prefix: Only the settings at or below this dotted path, or else those that begin so.
        chosen: Name of a preset whose values replace the defaults.

    Raises:
        ConfigError: There is no such preset, or no setting with this prefix.
    """
    everything = list(subject.describe(chosen))
    found = [each for each in everything if _is_below(each.path, prefix)]
    found = found or [each for each in everything if each.path.startswith(prefix)]
    if prefix and not found:
        paths = {each.path for each in everything}
        known = sorted(paths | {path.rpartition(".")[0] for path in paths} - {""})
        near = near_keys(prefix.rpartition(".")[2], known)
        hint = did_you_mean(near) if near else suggest(prefix, known)
        raise ConfigError(f"{subject.title} has no setting {prefix!r}; {hint}")
    if not everything:
        typer.echo(f"{subject.title} has no settings.")
        return
    typer.echo(f"{subject.title}: {subject.command}\n")
    print_entries(HEADERS, [_entry(each) for each in found])
    if kinds := dict.fromkeys(each.kind for each in found if each.kind):
        typer.echo()
        print_text(f"gaussrep settings KIND lists the components of: {', '.join(kinds)}")
    if subject.method is not None and subject.method.record.presets and not prefix and not chosen:
        typer.echo()
        print_presets(subject.method)


def print_presets(component: plugins.Component) -> None:
    """Print the presets of a component, and what each is for.

    Args:
        component: A component of kind `methods` or `evaluations`.
    """
    summaries = preset_summaries(component)
    if not summaries:
        typer.echo(f"{component} has no presets.")
        return
    print_names(f"Presets of {component.name}, for --preset:", list(summaries.items()))


def _find_with_presets(name: str) -> plugins.Component:
    evaluations = (c for c in plugins.list("evaluations") if name in (c.name, c.qualified))
    return next(evaluations, None) or plugins.find("methods", name)


def _entry(setting: Setting) -> Entry:
    takes = setting.takes.replace("`", "")
    default = "required" if setting.default == REQUIRED else f"= {setting.default}"
    heading = f"{setting.path} {default}  ({takes})"
    return Entry(setting.path, (setting.default, takes), setting.meaning, heading)


def _is_below(path: str, prefix: str) -> bool:
    return not prefix or path == prefix or path.startswith(f"{prefix.rstrip('.')}.")


def _of_training(method: plugins.Component) -> Subject:
    from gaussrep.training.config import TrainConfig

    option = " --preset NAME" if method.record.presets else ""
    command = f"gaussrep train {method.name}{option} KEY=VALUE …"
    return Subject(str(method), TrainConfig, command, method)


COMMANDS: Mapping[str, str] = {
    "datasets": "gaussrep train METHOD data.type={name} data.KEY=VALUE …",
    "evaluations": "gaussrep evaluate {name} RUN KEY=VALUE …",
    "strategies": "gaussrep fit DATA strategy={name} strategy.KEY=VALUE …",
    "formats": "gaussrep convert IN OUT KEY=VALUE …",
    "optimizers": "gaussrep train METHOD trainer.optimizer={name} trainer.optimizer.KEY=VALUE …",
    "schedules": "gaussrep train METHOD trainer.schedule={name} trainer.schedule.KEY=VALUE …",
    "callbacks": "gaussrep train METHOD callbacks.NAME={name} callbacks.NAME.KEY=VALUE …",
    "captures": "gaussrep fit DATA data.KEY=VALUE …",
}
"""How the settings of a component are given, by its kind."""


def _of_component(component: plugins.Component) -> Subject:
    model = config_class(component.kind, component.qualified)
    other = "{{type: {name}, KEY: VALUE}} where one is chosen"
    command = COMMANDS.get(component.kind, other).format(name=component.name)
    return Subject(str(component), model, command)


def _print_kind(kind: str) -> None:
    rows = [(c.name, c.record.summary) for c in plugins.list(kind)]
    print_names(f"gaussrep settings {kind}/NAME, where NAME is one of", rows)


def _print_everything() -> None:
    typer.echo("gaussrep settings NAME [PREFIX], where NAME is one of\n")
    rows = [("fit", "Settings of gaussrep fit."), *_methods()]
    print_names("trained", rows)
    for kind in plugins.KINDS:
        if names := [c.name for c in plugins.list(kind) if _has_settings(c)]:
            print_names("", [(kind, ", ".join(names))])


def _methods() -> Sequence[tuple[str, str]]:
    return [(c.name, c.record.summary) for c in plugins.list("methods") if c.name != "fit"]


def _has_settings(component: plugins.Component) -> bool:
    return component.kind != "methods" and component.record.config is not None
