"""Scenes: point clouds with posed RGB-D views."""
