"""Passages of documents with their words and vectors: what the cloud searches, and what devices will replicate."""
