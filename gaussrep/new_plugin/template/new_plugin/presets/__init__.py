"""Settings to start from, by name: `gaussrep train new-plugin --preset demo`."""
