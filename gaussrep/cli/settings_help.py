"""Commands whose help continues with the settings of the component that the arguments name."""

from collections.abc import Sequence
from typing import Any, ClassVar

import typer
from typer.core import TyperCommand

from gaussrep import plugins
from gaussrep.cli.settings import find_subject, print_presets, print_settings


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
        """
        if self._asks_for_presets(args):
            print_presets(plugins.find(self.kind, self._named(args)))
            ctx.exit()
        return super().parse_args(ctx, args)

    def _print_list(self, args: Sequence[str]) -> None:
        if name := self._named(args):
            print_settings(find_subject(f"{self.kind}/{name}"))
        else:
            typer.echo(f"Settings: gaussrep settings NAME, or gaussrep {self.name} NAME --help")

    def _named(self, args: Sequence[str]) -> str:
        names = {name for c in plugins.list(self.kind) for name in (c.name, c.qualified)}
        return next((argument for argument in args if argument in names), "")

    def _asks_for_presets(self, args: Sequence[str]) -> bool:
        """Check for `--preset` without a name."""
        if "--preset" not in args or not self._named(args):
            return False
        following = args[args.index("--preset") + 1 :]
        return not following or following[0].startswith("-")


class TrainCommand(SettingsCommand):
    """`gaussrep train`, whose help with a method lists the settings of its training."""

    kind = "methods"

    def _print_list(self, args: Sequence[str]) -> None:
        if name := self._named(args):
            print_settings(find_subject(name))
        else:
            super()._print_list(args)


class EvaluateCommand(SettingsCommand):
    """`gaussrep evaluate`, whose help with an evaluation lists its settings."""

    kind = "evaluations"


class FitCommand(SettingsCommand):
    """`gaussrep fit`, whose help names the list of its settings."""

    kind = "captures"

    def _print_list(self, args: Sequence[str]) -> None:
        typer.echo("Settings: gaussrep settings fit")
