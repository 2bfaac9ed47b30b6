"""Synthetic rooms: labeled indoor scenes of simple solids, with exact posed RGB-D frames."""
