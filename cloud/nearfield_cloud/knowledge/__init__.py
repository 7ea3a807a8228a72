"""The customer's documents: read, cut into passages, kept with their access, searched with citations."""
