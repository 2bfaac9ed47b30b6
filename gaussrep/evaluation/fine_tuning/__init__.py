"""Fine-tuning of a method's encoder on labels. Importing this package does not import torch."""
