"""Small language models: the seam, and its engines."""
