"""Presets of GMAE, one YAML file each."""
