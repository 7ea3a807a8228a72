"""The microphone's sound before anybody listens: the seam in ``engine``, one part a file beside it."""
