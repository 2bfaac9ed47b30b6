"""Presets of `instance-fine-tune`."""
