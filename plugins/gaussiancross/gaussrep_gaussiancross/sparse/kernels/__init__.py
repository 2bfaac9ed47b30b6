"""The arithmetic of sparse convolution on the CPU in float32, by Numba."""
