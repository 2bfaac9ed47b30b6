"""Presets of MAE, each for comparison with the GMAE preset of the same name."""
