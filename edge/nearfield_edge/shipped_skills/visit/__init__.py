"""Answers visitors' questions about the place and calls people."""
