"""Presets of GaussianCross, one YAML file each."""
