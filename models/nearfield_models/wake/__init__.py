"""Wake words: the seam in ``engine``, one engine a file beside it."""
