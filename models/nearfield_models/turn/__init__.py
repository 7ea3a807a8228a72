"""End of turn: the seam in ``engine``, one engine a file beside it."""
