"""The `triton` renderer: kernels that Triton compiles for the GPU at their first call."""
