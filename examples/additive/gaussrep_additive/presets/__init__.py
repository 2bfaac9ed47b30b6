"""Settings of the method to start from."""
