"""An image encoder without weights: local statistics of colors and edges."""
