"""Presets of the `gmae` and `mae` methods."""
