"""Presets of `semantic-fine-tune`."""
