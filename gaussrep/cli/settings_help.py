"""Commands that take settings: their help lists them, and settings written as options are noticed.

The settings are those of the component that the arguments name.
"""

from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import Any, ClassVar

import typer
from typer.core import TyperCommand

from gaussrep import plugins
from gaussrep.cli.plugin_commands import component_names
from gaussrep.cli.settings import Subject, find_subject, print_presets, print_settings
from gaussrep.config.synonyms import near_keys
from gaussrep.errors import ConfigError
from gaussrep.plugins.suggestions import near_names


class ListingCommand(TyperCommand):
    """A command whose help ends with a list."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments, or print the list after the help.

        Args:
            ctx: Click's context.
            args: Arguments of the command.

        Returns:
            Arguments that are left over.
        """
        if "--help" in args:
            typer.echo(ctx.get_help())
            self._print_list(args)
            ctx.exit()
        return super().parse_args(ctx, args)

    def _print_list(self, args: Sequence[str]) -> None:
        raise NotImplementedError


class SettingsCommand(ListingCommand):
    """A command whose `--help` also lists settings."""

    kind: ClassVar[str]
    """Kind of the components that the command's first argument names."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments, or answer a question about settings.

        Args:
            ctx: Click's context.
            args: Arguments of the command.

        Returns:
            Arguments that are left over.

        Raises:
            ConfigError: A setting is written as an option.
        """
        if self._asks_for_presets(args):
            print_presets(plugins.find(self.kind, self._named(args)))
            ctx.exit()
        if "--help" not in args:
            self._refuse_dashes(args)
        return super().parse_args(ctx, args)

    def _print_list(self, args: Sequence[str]) -> None:
        if subject := self._subject(args):
            print_settings(subject)
        else:
            typer.echo(f"Settings: gaussrep settings NAME, or gaussrep {self.name} NAME --help")

    def _subject(self, args: Sequence[str]) -> Subject | None:
        """Find what has the settings; None if the arguments name nothing."""
        name = self._named(args)
        return find_subject(f"{self.kind}/{name}") if name else None

    def _named(self, args: Sequence[str]) -> str:
        names = component_names(self.kind)
        return next((argument for argument in args if argument in names), "")

    def _asks_for_presets(self, args: Sequence[str]) -> bool:
        """Check for `--preset` without a name."""
        if "--preset" not in args or not self._named(args):
            return False
        following = args[args.index("--preset") + 1 :]
        return not following or following[0].startswith("-")

    def _refuse_dashes(self, args: Sequence[str]) -> None:
        """Refuse `--batch_size 8`, an option that is not there but a setting that is."""
        options = {
            option.lstrip("-")
            for each in self.params
            for option in (*each.opts, *each.secondary_opts)
        }
        for argument, following in pairwise([*args, ""]):
            option, equals, value = argument.partition("=")
            name = option.removeprefix("--")
            if name in ("", option) or name in options:
                continue
            if key := self._find_setting(args, name.replace("-", "_"), options):
                is_value = following and not following.startswith("-") and "=" not in following
                given = value if equals else following if is_value else "…"
                raise ConfigError(
                    f"there is no option {option}; settings are written without dashes: "
                    f"{key}={given}"
                )

    def _find_setting(self, args: Sequence[str], name: str, options: Collection[str]) -> str:
        """Find the dotted path of the setting that a name means; empty if there is none."""
        if "." in name:
            return name
        subject = self._subject(args)
        paths = [each.path for each in subject.describe()] if subject else []
        found = [path for path in paths if path == name or path.endswith(f".{name}")]
        if not found and not near_names(name, options):
            found = near_keys(name, paths)
        return min(found, key=lambda path: path.count("."), default="")


class TrainCommand(SettingsCommand):
    """`gaussrep train`, whose help with a method lists the settings of its training."""

    kind = "methods"

    def _subject(self, args: Sequence[str]) -> Subject | None:
        name = self._named(args)
        return find_subject(name) if name else None


class EvaluateCommand(SettingsCommand):
    """`gaussrep evaluate`, whose help with an evaluation lists its settings."""

    kind = "evaluations"


class FitCommand(SettingsCommand):
    """`gaussrep fit`, whose help names the list of its settings."""

    kind = "captures"

    def _print_list(self, args: Sequence[str]) -> None:
        typer.echo("Settings: gaussrep settings fit")

    def _subject(self, args: Sequence[str]) -> Subject | None:
        return find_subject("fit")
