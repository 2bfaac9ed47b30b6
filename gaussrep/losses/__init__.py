"""Losses: how far a picture is from the one that was wanted."""
