"""Presets of `semantic-probe`."""
