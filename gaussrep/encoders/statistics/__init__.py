"""An image encoder without weights: local statistics of colours and edges."""
