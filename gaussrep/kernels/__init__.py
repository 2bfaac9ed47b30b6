"""Compiled CPU kernels: Numba compilation and its cache, SIMD vectors, threads.

Everything that runs in Numba stands on this package: the `cpu` renderer, sparse convolutions, the
room generator and the boundary benchmark.
"""
