"""Voice activity detection: the seam in ``engine``, one engine a file beside it."""
