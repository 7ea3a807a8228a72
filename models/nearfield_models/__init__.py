"""Everything that runs a model: packs, runtimes, engines by role, the grammar automaton.

Engines are functions of samples, text and state; they know nothing of turns or devices.
"""
