"""Reference pages of registered components and their settings."""

from collections.abc import Iterable, Iterator

from gaussrep import plugins
from gaussrep.config.presets import presets
from reference.markdown import code, prose
from reference.settings import settings_tables


def components_page(kind: str) -> str:
    """Generate one section per component of one kind."""
    return "\n\n".join(map(_section, plugins.list(kind)))


def _section(component: plugins.Component) -> str:
    config = component.load_config()
    settings = settings_tables(config) if config else "It has no settings."
    summary = prose(component.record.summary)
    return "\n\n".join(
        [
            f"## {component.name}",
            summary,
            "\n".join(f"- {fact}" for fact in _facts(component)),
            settings,
        ]
    )


def _facts(component: plugins.Component) -> Iterator[str]:
    record = component.record
    yield f"Distribution: {code(component.distribution)}"
    if record.requires:
        yield f"Needs: {_codes(record.requires)}"
    match record:
        case plugins.RendererRecord():
            yield f"Devices: {_codes(sorted(record.devices))}"
            yield f"Can: {_codes(sorted(record.capabilities))}"
        case plugins.EncoderRecord() | plugins.DatasetRecord():
            yield f"Of: {record.modality}"
        case plugins.FormatRecord():
            uses = {"read": record.can_read, "written": record.can_write}
            yield f"Files: {_codes(record.suffixes)}, {' and '.join(u for u in uses if uses[u])}"
        case plugins.MethodRecord():
            yield from _method_facts(component)


def _method_facts(component: plugins.Component) -> Iterator[str]:
    if component.record.capabilities:
        yield f"Outputs: {_codes(sorted(component.record.capabilities))}"
    if component.record.paper:
        yield f"Paper: <{component.record.paper}>"
    if names := presets(component):
        yield f"Presets: {_codes(names)}"


def _codes(words: Iterable[str]) -> str:
    return ", ".join(map(code, words))
