"""What the layers that GMAE finds without being asked are worth, in numbers."""
