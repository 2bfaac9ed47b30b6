"""The `cpu` renderer: Numba kernels, one stage per module."""
