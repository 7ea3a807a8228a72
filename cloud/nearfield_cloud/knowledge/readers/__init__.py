"""Documents of each format become blocks of text: a file a format, behind one seam (``reading.py``)."""
