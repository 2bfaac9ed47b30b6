"""What GMAE costs: the measurements of `gaussrep bench gmae`."""
