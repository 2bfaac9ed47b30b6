"""Import of PyTorch3D, which may be absent or broken."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from types import ModuleType

from gaussrep.errors import UnavailableError
from gaussrep_pytorch3d.plugin import INSTALL


@cache
def pytorch3d(module: str) -> ModuleType:
    """Import a module of PyTorch3D.

    Args:
        module: Name of the module, without `pytorch3d.`.

    Returns:
        The module.

    Raises:
        UnavailableError: If PyTorch3D is absent, or was built for another torch.
    """
    try:
        return import_module(f"pytorch3d.{module}")
    except (ImportError, OSError) as error:
        reason = str(error).partition("\n")[0]
        raise UnavailableError(
            f"PyTorch3D does not import here ({reason}); build it for this torch: {INSTALL}"
        ) from error


WITHOUT_CUDA = ("Not compiled with GPU support", "built without CUDA")
"""Parts of the messages with which builds without CUDA reject tensors on CUDA."""


@contextmanager
def explain_missing_cuda() -> Iterator[None]:
    """Explain the error of a call in the block if PyTorch3D was built without CUDA.

    Yields:
        Nothing.

    Raises:
        UnavailableError: With the cure.
    """
    try:
        yield
    except RuntimeError as error:
        if any(part in str(error) for part in WITHOUT_CUDA):
            raise UnavailableError(
                "PyTorch3D was built without CUDA, and these tensors are on CUDA; move them with "
                f".to('cpu'), or build it where nvcc is: {INSTALL}"
            ) from error
        raise
