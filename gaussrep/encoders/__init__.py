"""Encoders: what looks at an image or a point cloud and gives features."""
