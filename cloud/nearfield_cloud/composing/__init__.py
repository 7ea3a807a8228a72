"""Answers made of what the passages say."""
