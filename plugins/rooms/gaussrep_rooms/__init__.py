"""`rooms`: labeled indoor scenes made of simple solids, with exact posed RGB-D frames."""
