"""Reference page of the commands, generated from their help texts."""

from collections.abc import Iterator
from typing import Any

import typer

from gaussrep.cli.lazy import LazyGroup
from gaussrep.cli.main import app
from reference.markdown import code, prose, table

HEAD = ("argument, option", "meaning")


def commands_page() -> str:
    """Generate one section per command, including those of plugins."""
    return "\n\n".join(_sections(typer.main.get_command(app), "gaussrep"))


def _sections(command: Any, path: str) -> Iterator[str]:
    yield _section(command, path)
    if isinstance(command, LazyGroup):
        with command.context_class(command, info_name=path) as context:
            for name in command.list_commands(context):
                yield from _sections(_load(command, context, name), f"{path} {name}")


def _load(group: Any, context: Any, name: str) -> Any:
    """Import a command; listings hold placeholders."""
    return group.get_command(context, name).load()


def _section(command: Any, path: str) -> str:
    with command.context_class(command, info_name=path) as context:
        rows = [_row(each, each.get_help_record(context)) for each in command.params]
    paragraphs = (prose(text) for text in command.help.split("\n\n"))
    parts = [f"## {path}", *paragraphs, f"```\n{_usage(command, path)}\n```"]
    return "\n\n".join([*parts, table(HEAD, rows)] if rows else parts)


def _row(parameter: Any, record: tuple[str, str]) -> list[str]:
    """Return the name and the help text of an argument or option."""
    name = record[0].replace(" range>", ">") if _is_option(parameter) else _name(parameter)
    return [code(name), prose(record[1])]


def _usage(command: Any, path: str) -> str:
    places = [_place(each) for each in command.params if not _is_option(each)]
    rest = [command.subcommand_metavar] if isinstance(command, LazyGroup) else []
    return " ".join([path, *places, "[OPTIONS]", *rest])


def _place(argument: Any) -> str:
    name = _name(argument)
    return name if argument.required or name.startswith("[") else f"[{name}]"


def _name(argument: Any) -> str:
    return argument.metavar or argument.name.upper()


def _is_option(parameter: Any) -> bool:
    return parameter.param_type_name == "option"
