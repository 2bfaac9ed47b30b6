"""Files that hold Gaussians, chosen by suffix."""
