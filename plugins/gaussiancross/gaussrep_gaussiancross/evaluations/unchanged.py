"""A method that may be moved, and is put back."""

from collections.abc import Iterator
from contextlib import contextmanager

from gaussrep.methods.method import Method


@contextmanager
def unchanged(method: Method) -> Iterator[None]:
    """Put buffers and modes of a method back after a block that lets its batch norms move.

    Args:
        method: Parameters are not looked after.
    """
    buffers = {name: buffer.clone() for name, buffer in method.named_buffers()}
    training = {name: module.training for name, module in method.named_modules()}
    try:
        yield
    finally:
        for name, buffer in method.named_buffers():
            buffer.copy_(buffers[name])
        for name, module in method.named_modules():
            module.training = training[name]
