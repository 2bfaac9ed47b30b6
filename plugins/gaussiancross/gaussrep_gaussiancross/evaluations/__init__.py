"""Evaluations of point features on tasks in 3D scenes, and the methods that they train."""
