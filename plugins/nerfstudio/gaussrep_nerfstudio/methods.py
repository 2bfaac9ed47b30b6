"""The methods that nerfstudio finds here; nothing in this module raises."""

from gaussrep_nerfstudio.method import method

gaussrep = method(
    "gaussrep", "A scene as Gaussians, drawn by any renderer of gaussrep, on the CPU too."
)
gaussrep_features = method(
    "gaussrep-features", "The same with a field of features that an image encoder teaches."
)
gaussrep_cross = method(
    "gaussrep-cross", "The same from what a pretrained GaussianCross predicts of the points."
)
