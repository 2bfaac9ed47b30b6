"""PyTorch3D for gaussrep (import names live in their own modules)."""
