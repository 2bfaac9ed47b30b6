"""`shapes`: layered textured objects whose masks, order, depth and edges are exact."""
