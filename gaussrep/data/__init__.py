"""Data sets: maps from a sample key to a dict of CPU tensors."""
