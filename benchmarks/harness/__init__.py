"""Scenes, timing and reports that the benchmark scripts share."""
