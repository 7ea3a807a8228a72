"""Passage stores for more than one machine, each behind an extra: `pgvector` and `qdrant`."""
