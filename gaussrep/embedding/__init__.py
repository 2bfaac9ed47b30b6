"""Embeddings of whole folders of pictures, as files."""

from gaussrep.embedding.folder import embed_folder
from gaussrep.embedding.folder_embedding import FolderEmbedding

__all__ = ["FolderEmbedding", "embed_folder"]
