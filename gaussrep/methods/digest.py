"""Digests of weights."""

import hashlib

import torch
from torch import nn


def hash_state_dict(module: nn.Module) -> str:
    """Compute a digest of all parameters and saved buffers, including names and shapes.

    Args:
        module: On any device.

    Returns:
        Thirty-two hexadecimal digits, the same on every machine.
    """
    digest = hashlib.blake2b(digest_size=16)
    for name, values in module.state_dict().items():
        plain = values.detach().cpu().contiguous()
        digest.update(f"{name} {plain.dtype} {list(plain.shape)}\n".encode())
        digest.update(plain.flatten().view(dtype=torch.uint8).numpy())
    return digest.hexdigest()
