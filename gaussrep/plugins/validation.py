"""Which records are accepted."""

import re
from dataclasses import fields
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from packaging.requirements import InvalidRequirement, Requirement

from gaussrep.errors import PluginError
from gaussrep.plugins.records import KINDS, PLUGIN_API, CaptureRecord, FormatRecord, Record

NAME = re.compile(r"[a-z][a-z0-9-]*")
IMPORT_STRING = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*")
PREFIX = re.compile(r"[a-z][a-z0-9-]+:")
PACKAGE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")


def check_record(kind: str, record: object, distribution: str) -> None:
    """Check a record that a plugin registered.

    Args:
        kind: Kind of component of the hook.
        record: The record.
        distribution: Distribution of the plugin, for the cure.

    Raises:
        PluginError: If the record is not valid; the message gives the wrong and the expected value.
    """
    wanted = KINDS[kind]
    if not isinstance(record, wanted):
        given = type(record).__name__
        raise PluginError(f"register_{kind} yields {wanted.__name__}, got a {given}: {record!r}.")
    _check_api(record, distribution)
    _check_types(record)
    _check_texts(record)
    _check_requirements(record)


def _check_api(record: Record, distribution: str) -> None:
    if record.api == PLUGIN_API:
        return
    older = isinstance(record.api, int) and record.api < PLUGIN_API
    cure = f"pip install --upgrade {distribution if older else 'gaussrep'}"
    raise PluginError(
        f"{record.noun} {record.name!r} uses plugin API {record.api!r}, this gaussrep uses "
        f"{PLUGIN_API}: {cure}"
    )


@cache
def _hints(record: type[Record]) -> dict[str, Any]:
    return get_type_hints(record)


def _check_types(record: Record) -> None:
    for field in fields(record):
        value, hint = getattr(record, field.name), _hints(type(record))[field.name]
        if not _fits(value, hint):
            wanted = hint.__name__ if isinstance(hint, type) and not get_args(hint) else hint
            raise PluginError(
                f"{record.noun} {record.name!r}: {field.name} should be {wanted}, got {value!r}."
            )


def _fits(value: object, hint: Any) -> bool:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return value in arguments
    if origin is UnionType:
        return any(_fits(value, argument) for argument in arguments)
    if origin in (tuple, frozenset):
        return isinstance(value, origin) and all(_fits(item, arguments[0]) for item in value)
    return isinstance(value, NoneType if hint is None else hint)


def _check_texts(record: Record) -> None:
    patterns = {
        "name": (NAME, "lower-case letters, digits and '-', a letter first"),
        "target": (IMPORT_STRING, "'package.module:Attribute'"),
        "config": (IMPORT_STRING, "'package.module:Attribute'"),
        "report": (IMPORT_STRING, "'package.module:Attribute'"),
        "presets": (PACKAGE, "'package.presets'"),
    }
    for field in fields(record):
        value = getattr(record, field.name)
        if value is None or field.name not in patterns:
            continue
        pattern, wanted = patterns[field.name]
        if not pattern.fullmatch(value):
            raise PluginError(
                f"{record.noun} {record.name!r}: {field.name} should be {wanted}, got {value!r}."
            )
    if isinstance(record, FormatRecord):
        for suffix in record.suffixes:
            if not suffix.startswith("."):
                raise PluginError(f"format {record.name!r}: suffix {suffix!r} lacks its dot.")
    if isinstance(record, CaptureRecord):
        _check_capture(record)


def _check_capture(record: CaptureRecord) -> None:
    if not record.markers and record.prefix is None:
        raise PluginError(f"{record.noun} {record.name!r} has neither markers nor a prefix.")
    if record.prefix is not None and not PREFIX.fullmatch(record.prefix):
        wanted = "letters, digits and '-', and a colon"
        raise PluginError(
            f"{record.noun} {record.name!r}: prefix should be {wanted}, got {record.prefix!r}."
        )


def _check_requirements(record: Record) -> None:
    for text in record.requires:
        try:
            Requirement(text)
        except InvalidRequirement as error:
            reason = str(error).splitlines()[0]
            raise PluginError(
                f"{record.noun} {record.name!r}: {text!r} is not a PEP 508 requirement: {reason}."
            ) from error
