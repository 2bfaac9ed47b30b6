"""PointGroup (Jiang et al., CVPR 2020): objects as clusters of points moved to their centers."""
