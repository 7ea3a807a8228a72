"""Passages of documents with their words and vectors, searched in the cloud and replicated to devices."""
