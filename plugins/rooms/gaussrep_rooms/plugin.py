"""Register the components of gaussrep-rooms; imports nothing heavy."""

from collections.abc import Iterator

from gaussrep.plugins import CommandRecord, hookimpl


@hookimpl
def register_commands() -> Iterator[CommandRecord]:
    """The commands of this distribution."""
    yield CommandRecord(
        name="make-rooms",
        summary="Write labeled synthetic rooms in the ScanNet layout.",
        target="gaussrep_rooms.command:make_rooms",
    )
