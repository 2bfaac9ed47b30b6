"""What is wrong with the installed plugins, for commands that report it themselves."""

import logging

from gaussrep import plugins
from gaussrep.cli.plugin_commands import command_clashes


def problems() -> list[plugins.PluginFailure]:
    """Load the plugins without a warning about what is wrong with them.

    Returns:
        What is wrong, clashes with the program's own commands included.
    """
    logger = logging.getLogger("gaussrep.plugins")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        return [*plugins.failures(), *command_clashes()]
    finally:
        logger.setLevel(level)
