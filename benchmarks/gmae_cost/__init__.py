"""Cost of GMAE's training steps beside those of its MAE twin; see `benchmarks/gmae.py`."""
