"""Sentence templates, compiled: the automaton over words, and what walks it."""
