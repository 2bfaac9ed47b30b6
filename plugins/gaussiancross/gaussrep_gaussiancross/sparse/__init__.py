"""Sparse convolution: what is computed where voxels are occupied, and nowhere else."""
