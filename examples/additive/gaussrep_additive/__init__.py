"""Images as sums of 2D Gaussians, in the manner of GaussianImage (arXiv 2403.08551)."""
