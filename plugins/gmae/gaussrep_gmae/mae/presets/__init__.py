"""Presets of MAE, each the twin of the GMAE preset of the same name."""
