"""`gaussrep export-vit`: a run's encoder for timm."""

from pathlib import Path
from typing import Annotated

import typer

from gaussrep.errors import CapabilityError
from gaussrep.runtime import Progress
from gaussrep_gmae.export_checks import require_masked_run, require_new_folder


def export_vit(
    run: Annotated[Path, typer.Argument(help="Folder of a gmae or mae run.")],
    folder: Annotated[Path, typer.Argument(help="New folder, for timm to load.")],
) -> None:
    """Write a run's encoder as a folder that timm.create_model loads."""
    require_masked_run(run)
    require_new_folder(folder)
    with Progress(f"loading torch to export {run}"):
        from gaussrep import load_run
        from gaussrep_gmae.encoder import MEAN, STD
        from gaussrep_gmae.export import export_vit as export
        from gaussrep_gmae.masked import MaskedMethod

        method = load_run(run)
    if not isinstance(method, MaskedMethod):
        raise CapabilityError(f"{run} is a run of {method.config.type!r}, expected gmae or mae.")
    export(method, folder)
    typer.echo(
        f'timm.create_model("local-dir:{folder}", pretrained=True)\n'
        f"input: RGB in [0, 1], minus the mean {MEAN}, divided by the deviation {STD} (ImageNet's)"
    )
