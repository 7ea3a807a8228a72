"""Speech synthesis: the seam in ``engine``, phonemisers and one engine a file beside it."""
