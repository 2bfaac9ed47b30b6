"""Sparse convolution: kernel maps, kernels and backends; only occupied voxels are computed."""
