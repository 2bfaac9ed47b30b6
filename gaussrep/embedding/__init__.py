"""Embeddings of whole folders of pictures, as files."""

from gaussrep.embedding.folder import FolderEmbedding, embed_folder

__all__ = ["FolderEmbedding", "embed_folder"]
