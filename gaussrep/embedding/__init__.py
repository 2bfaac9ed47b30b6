"""Embeddings of whole folders of images, and cached features of teachers.

Names are imported when they are first used, so that configurations stay torch-free.
"""

from typing import TYPE_CHECKING

from gaussrep.runtime.lazy_names import lazy_names

if TYPE_CHECKING:
    from gaussrep.embedding.cached_features import CachedFeatures
    from gaussrep.embedding.folder import FolderEmbedding, embed
    from gaussrep.embedding.principal_colors import PrincipalColors

__all__ = [
    "CachedFeatures",
    "FolderEmbedding",
    "PrincipalColors",
    "embed",
]

_HOMES = {
    "CachedFeatures": "gaussrep.embedding.cached_features",
    "FolderEmbedding": "gaussrep.embedding.folder",
    "PrincipalColors": "gaussrep.embedding.principal_colors",
    "embed": "gaussrep.embedding.folder",
}

__getattr__ = lazy_names(__name__, _HOMES)
