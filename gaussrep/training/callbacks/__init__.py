"""What watches a training run: measures, logs, checkpoints."""
