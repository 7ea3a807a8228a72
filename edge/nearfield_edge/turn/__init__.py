"""The turn engine: a pure reducer, the events it is told and the commands it gives.

``reducer.reduce(state, event) -> (state, commands)`` decides everything about a turn; workers elsewhere
carry the commands out and report with events. Nothing here computes on sound, waits or reads a clock:
time is the position in the input sound.
"""
