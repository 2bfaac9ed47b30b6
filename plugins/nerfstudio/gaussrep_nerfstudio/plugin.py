"""Components that gaussrep-nerfstudio registers with gaussrep; never imports torch."""

from collections.abc import Iterator

from gaussrep.plugins import FormatRecord, hookimpl


@hookimpl
def register_formats() -> Iterator[FormatRecord]:
    """The file formats of this distribution."""
    yield FormatRecord(
        name="nerfstudio",
        summary="The config.yml of a scene fitted by ns-train with a method of gaussrep.",
        target="gaussrep_nerfstudio.run_format:NerfstudioRun",
        suffixes=(".yml",),
        can_write=False,
    )
