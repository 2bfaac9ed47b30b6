"""Niantic's compressed files of Gaussians, `.spz`."""
