"""The training loop and the run folder it fills; importing this package does not import torch."""
