"""glTF files with Khronos's extension KHR_gaussian_splatting, `.glb` and `.gltf`."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

from gaussrep.formats.axes import LEFT_UP_FORWARD, convert_axes
from gaussrep.formats.checked_files import (
    checked_values,
    named_errors,
    open_for_rows,
    open_for_writing,
    validate_for_export,
)
from gaussrep.formats.config import GltfConfig
from gaussrep.formats.format import Format, Rows, RowSource
from gaussrep.formats.gltf_buffers import read_container
from gaussrep.formats.gltf_scene import scene_rows
from gaussrep.formats.gltf_writing import GltfAttributes
from gaussrep.formats.remarks import Remarks
from gaussrep.gaussians import Gaussians


class Gltf(Format):
    """One mesh of points whose attributes are float32: linear scales, opacities, SH.

    It implements KHR_gaussian_splatting as Khronos published it in revision 63770cc of 15 April
    2026: kernel `ellipse`, color spaces `srgb_rec709_display` and `lin_rec709_display`, which is
    `color_space="linear"`. `.glb` is one binary file; `.gltf` is JSON with the bytes in base64.
    The mark of antialiasing is an entry of `extras`, which other programs ignore.

    Read files may have their buffers in the file or beside it, use normalized integers, and place
    several primitives by nodes that translate, rotate and scale. Compressed primitives and drafts
    of the extension are rejected. Scales of splat-transform before 2.7 are logarithms, against the
    extension; `asset.generator` names them. Properties and extensions that are ignored are logged.

    Axes of a file are x left, y up, z forward; they are converted, spherical harmonics included.

    Args:
        config: The settings.
    """

    def __init__(self, config: GltfConfig | None = None) -> None:
        self.config = config or GltfConfig()

    def read(self, path: Path) -> Gaussians:
        """Read one scene.

        Args:
            path: The file.

        Returns:
            One scene with `sh`, float32, on the CPU.

        Raises:
            FormatError: If the file is missing or damaged, holds no Gaussians, or uses features
                of glTF that are not read.
        """
        with self.open_rows(path) as rows:
            return rows.collect()

    @contextmanager
    def open_rows(self, path: Path) -> Iterator[Rows]:
        """See `Format.open_rows`."""
        remarks = Remarks(self.config.strict)

        def start(file: BinaryIO) -> Rows:
            return scene_rows(read_container(file, path.parent), remarks)

        with open_for_rows(path, remarks, start) as rows:
            like = convert_axes(rows.like, LEFT_UP_FORWARD)
            chunks = (convert_axes(chunk, LEFT_UP_FORWARD) for chunk in rows.chunks)
            yield Rows(rows.count, like, chunks)

    def write(self, gaussians: Gaussians, path: Path) -> None:
        """Write one scene atomically.

        Args:
            gaussians: One scene, without batch axes.
            path: The file, overwritten if it exists; binary if it ends in `.glb`.

        Raises:
            FormatError: If there are batch axes, features, SH of degree 4, no Gaussians or more
                than 4 GiB of them, or the file cannot be written.
            ValueRangeError: If a value is not finite in float32, a scale not positive, or a
                quaternion zero.
        """
        scene = self._start(gaussians, path)
        attributes = GltfAttributes(scene, path.parent)
        with open_for_writing(path) as file, attributes, named_errors(path):
            attributes.add(scene)
            attributes.write(file, _is_binary(path))

    def write_rows(self, source: RowSource, path: Path) -> int:
        """See `Format.write_rows`."""
        with open_for_writing(path) as file, ExitStack() as stack:
            with source() as rows:
                like = self._start(rows.like, path)
                attributes = stack.enter_context(GltfAttributes(like, path.parent))
                for chunk in rows.chunks:
                    attributes.add(checked_values(chunk))
            with named_errors(path):
                attributes.write(file, _is_binary(path))
        return attributes.count

    def _start(self, gaussians: Gaussians, path: Path) -> Gaussians:
        return validate_for_export(
            gaussians, path, "a glTF file", antialiased_mark="private", marks_color_space=True
        )


def _is_binary(path: Path) -> bool:
    return path.suffix.lower() == ".glb"
