"""The `gsplat` renderer: gsplat's CUDA kernels behind the common interface."""
