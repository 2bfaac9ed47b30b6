"""Point encoders."""
