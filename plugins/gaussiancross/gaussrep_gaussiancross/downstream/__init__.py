"""Tasks that features of points are put to: segments of scenes, and objects in them."""
