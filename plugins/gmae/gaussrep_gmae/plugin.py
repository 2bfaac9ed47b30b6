"""What gaussrep-gmae registers; imports nothing heavy."""

from collections.abc import Iterator

from gaussrep.plugins import MethodRecord, hookimpl


@hookimpl
def register_methods() -> Iterator[MethodRecord]:
    """The methods of this distribution."""
    yield MethodRecord(
        name="gmae",
        summary="Gaussian Masked Autoencoder: a masked image, said again in Gaussians.",
        target="gaussrep_gmae.method:GMAE",
        config="gaussrep_gmae.config:GMAEConfig",
        presets="gaussrep_gmae.presets",
        report="gaussrep_gmae.report:write_report",
        paper="https://arxiv.org/abs/2501.03229",
    )
