"""Tables of settings, generated from configuration classes."""

import re
from collections.abc import Iterable

from gaussrep.config import Config
from gaussrep.config.describe import REQUIRED, Setting, describe_settings, nested_models
from gaussrep.plugins.records import KINDS
from reference.markdown import code, prose, table

HEAD = ("setting", "takes", "default", "meaning")


def settings_tables(model: type[Config]) -> str:
    """Generate a table with dotted names for nested settings, and one more per choice."""
    settings = list(describe_settings(model))
    parts = [_table(settings)] if settings else ["It has no settings."]
    for name, field in model.model_fields.items():
        choices = nested_models(field)
        for choice in choices if len(choices) > 1 else ():
            parts.append(f"With `{name}.type={choice.model_fields['type'].default}`:")
            parts.append(_table(describe_settings(choice, prefix=f"{name}.")))
    return "\n\n".join(parts)


def _table(settings: Iterable[Setting]) -> str:
    """Format a table that narrow screens show as blocks."""
    rows = [_row(setting) for setting in settings]
    return f'<div class="settings" markdown>\n\n{table(HEAD, rows)}\n\n</div>'


def _row(setting: Setting) -> list[str]:
    if not setting.meaning:
        raise LookupError(f"{setting.path} has no docstring")
    default = REQUIRED if setting.default == REQUIRED else code(setting.default)
    return [code(setting.path), _takes(setting), default, prose(setting.meaning)]


def _takes(setting: Setting) -> str:
    """Link the kind of component, and keep signs and numbers on one line."""
    takes = re.sub(r"([≥>≤<]|multiple of) (?=\S)", r"\1&nbsp;", setting.takes)
    if setting.kind is None:
        return takes
    noun = KINDS[setting.kind].noun
    return takes.replace(noun, f"[{noun}]({setting.kind}.md)", 1)
