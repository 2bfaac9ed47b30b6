"""What can be looked at: files, fits, and runs of methods that make Gaussians."""
