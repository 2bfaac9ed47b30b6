"""Losses: differences between predicted and target images or feature maps."""
