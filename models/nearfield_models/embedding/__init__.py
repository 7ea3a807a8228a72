"""Sentence embeddings: the seam, and its engines."""
