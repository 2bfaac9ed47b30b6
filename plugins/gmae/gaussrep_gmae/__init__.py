"""Gaussian Masked Autoencoders for gaussrep (import names live in their own modules)."""
