"""`gaussrep new-plugin`: write the sources of a working plugin."""

from pathlib import Path
from typing import Annotated

import typer


def new_plugin(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name, such as my-plugin.")],
    folder: Annotated[
        Path | None, typer.Option(help="Folder to write, which must not exist; ./NAME by default.")
    ] = None,
) -> None:
    """Write a small plugin with a component of nearly every kind, and their tests."""
    from gaussrep.new_plugin.name import PluginName
    from gaussrep.new_plugin.write import write_plugin

    plugin = PluginName.parse(name)
    folder = folder or Path(plugin.distribution)
    write_plugin(plugin, folder)
    typer.echo(
        f"{folder}: the plugin {plugin.distribution}\n"
        f'install it: pip install -e "{folder}[test]"\n'
        "see it:     gaussrep plugins\n"
        f"train it:   gaussrep train {plugin.distribution} --preset demo\n"
        f"test it:    pytest {folder}"
    )
