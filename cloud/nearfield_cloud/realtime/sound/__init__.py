"""Sound of a call: converted at the border, cut into turns, made from sentences."""
