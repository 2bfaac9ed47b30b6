"""Random changes of scenes for training."""
