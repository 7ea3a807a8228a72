"""What both ends share and exchange: messages, the opening of SQLite, clock and telemetry.

The lowest layer: it imports no other package of Nearfield.
"""
